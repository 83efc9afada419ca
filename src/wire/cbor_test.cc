#include "wire/cbor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "model/cloudwatch/shapes.h"
#include "wire/cbor_protocol.h"
#include "wire/content_encoding.h"
#include "wire/limits.h"

namespace weir::wire {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Appendix A of RFC 8949, as far as Smithy uses it.
TEST(Cbor, ReadsTheExamplesOfItsSpecification) {
  const struct {
    const char* hex;
    const char* json;
  } kRows[] = {
      {"00", "0"},
      {"17", "23"},
      {"1818", "24"},
      {"1903e8", "1000"},
      {"1a000f4240", "1000000"},
      {"1b000000e8d4a51000", "1000000000000"},
      {"20", "-1"},
      {"3903e7", "-1000"},
      {"3b7fffffffffffffff", "-9223372036854775808"},
      {"f93c00", "1"},
      {"f93e00", "1.5"},
      {"f97bff", "65504"},
      {"f90001", "5.960464477539063e-08"},
      {"f9c400", "-4"},
      {"fa47c35000", "100000"},
      {"fb3ff199999999999a", "1.1"},
      {"f4", "false"},
      {"f5", "true"},
      {"f6", "null"},
      {"f7", "null"},
      {"c11a514b67b0", "1363896240"},
      {"c1fb41d452d9ec200000", "1363896240.5"},
      {"60", "\"\""},
      {"62c3bc", "\"\u00fc\""},
      {"80", "[]"},
      {"8301820203820405", "[1,[2,3],[4,5]]"},
      {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
      {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
      {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
      {"7f657374726561646d696e67ff", "\"streaming\""},
  };
  for (const auto& row : kRows) {
    const auto read = read_cbor(bytes_of(row.hex));
    ASSERT_TRUE(read) << row.hex << ": " << read.error().message;
    EXPECT_EQ(read->dump(), row.json) << row.hex;
  }
}

TEST(Cbor, RefusesWhatIsNoneOrNotUsed) {
  const char* kRows[] = {
      "",                    // nothing
      "18",                  // a number cut short
      "1c",                  // reserved
      "1f",                  // a number without an end
      "6261",                // a text cut short
      "62c328",              // no UTF-8
      "62eda0",              // a surrogate cut short
      "8201",                // an array cut short
      "9f01",                // without its end
      "a201",                // a key that is no text
      "a161",                // a map cut short
      "a2616101616102",      // a key twice
      "4161",                // bytes
      "c201",                // another tag
      "c16161",              // a timestamp that is a text
      "e0",                  // another simple value
      "0000",                // two items
      "7f4161ff",            // a piece of another kind
      "7f7f6161ffff",        // pieces within pieces
      "9b7fffffffffffffff",  // a length that nothing follows
      "bb7fffffffffffffff",
      "7b7fffffffffffffff",
      "ff",  // an end without a beginning
  };
  for (const char* row : kRows) {
    const auto read = read_cbor(bytes_of(row));
    ASSERT_FALSE(read) << row;
    EXPECT_EQ(read.error().code, "Cbor") << row;
  }
  EXPECT_TRUE(read_cbor(std::string(kMaxCborDepth, '\x81') + '\0'));
  EXPECT_FALSE(read_cbor(std::string(kMaxCborDepth + 1, '\x81') + '\0'));
}

TEST(Cbor, CarriesAStructAsItIs) {
  model::cloudwatch::MetricDatum datum{.MetricName = "m\u00fc", .Timestamp = Timestamp{1'700'000'000'250}, .Value = 2};
  datum.Values = std::vector<double>{0.5, -1};
  datum.StorageResolution = 1;
  const auto& shape = shape_of<model::cloudwatch::MetricDatum>();
  std::string bytes;
  write_cbor(bytes, shape, &datum);
  model::cloudwatch::MetricDatum again;
  ASSERT_TRUE(decode_cbor(shape, bytes, &again));
  EXPECT_EQ(to_json(shape, &again).dump(), to_json(shape, &datum).dump());
}

TEST(CborProtocol, NamesAnErrorsShapeAndItsCode) {
  const Reply reply = cbor_error(&model::cloudwatch::kService, {"MissingParameter", "m", 400});
  EXPECT_EQ(MUST(read_cbor(reply.body)).dump(), R"({"__type":"MissingRequiredParameterException","message":"m"})");
  EXPECT_EQ(reply.fields.back(),
            (std::pair<std::string, std::string>("x-amzn-query-error", "MissingParameter;Sender")));
}

// gzip of "hello", by Python's gzip with mtime 0.
const std::string kHello = bytes_of("1f8b08000000000002ffcb48cdc9c9070086a6103605000000");

TEST(Gunzip, UnpacksWithinItsBound) {
  EXPECT_EQ(MUST(gunzip(kHello, 5)), "hello");
  EXPECT_EQ(gunzip(kHello, 4).error().code, "TooLarge");
}

TEST(Gunzip, RefusesWhatIsNotWhole) {
  for (std::size_t size = 0; size < kHello.size(); ++size) {
    EXPECT_FALSE(gunzip(kHello.substr(0, size), 100)) << size;
  }
  EXPECT_FALSE(gunzip(kHello + "x", 100));
  EXPECT_FALSE(gunzip("hello", 100));
}

}  // namespace
}  // namespace weir::wire
