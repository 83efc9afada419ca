"""CloudWatch as clients meet it: Query of boto3 and the aws CLI here, JSON 1.0 and CBOR of newer ones, what a kill -9
leaves, alarms from their creation to their history."""

import datetime
import gzip
import http.client
import json
import time
import unittest

import raw_cbor
from weir_testing import REGION, Weir, wait_until

SCOPE = (f"AWS4-HMAC-SHA256 Credential=a/20261121/{REGION}/monitoring/aws4_request, SignedHeaders=host, "
         "Signature=0")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class CloudWatch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.aws = weir, staticmethod(weir.aws)

    def setUp(self):
        self.cloudwatch = self.weir.client("cloudwatch")

    def put(self, name, *values, namespace="App", **more):
        self.cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": name, "Value": value, **more} for value in values])

    def statistics(self, name, namespace="App", period=60, minutes=10, **more):
        more = more or {"Statistics": ["Sum", "SampleCount", "Average", "Minimum", "Maximum"]}
        return self.cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, StartTime=now() - datetime.timedelta(minutes=minutes),
            EndTime=now() + datetime.timedelta(minutes=1), Period=period, **more)["Datapoints"]

    def raw(self, headers, body, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.weir.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", path, body, {"Authorization": SCOPE, "X-Amz-Date": "20261121T000000Z", **headers})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()

    def code(self, **request):
        with self.assertRaises(self.cloudwatch.exceptions.ClientError) as caught:
            operation = request.pop("operation")
            getattr(self.cloudwatch, operation)(**request)
        return caught.exception.response["Error"]["Code"]

    # --- metrics ------------------------------------------------------------------------------------------------
    def test_values_come_back_as_statistics(self):
        dimensions = [{"Name": "Shop", "Value": "b"}, {"Name": "Area", "Value": "a"}]
        # Of one minute, however long this takes.
        at = (now() - datetime.timedelta(minutes=2)).replace(second=10, microsecond=0)
        self.put("Latency", 1.0, 2.0, 9.0, Dimensions=dimensions, Unit="Seconds", Timestamp=at)
        point, = self.statistics("Latency", Dimensions=list(reversed(dimensions)),
                                 Statistics=["Sum", "SampleCount", "Average", "Minimum", "Maximum"])
        self.assertEqual((point["Sum"], point["SampleCount"], point["Average"], point["Minimum"], point["Maximum"]),
                         (12, 3, 4, 1, 9))
        self.assertEqual(point["Unit"], "Seconds")
        self.assertEqual(point["Timestamp"], at.replace(second=0))
        self.assertEqual(self.statistics("Latency"), [], "without its dimensions it is another metric")
        point, = self.statistics("Latency", Dimensions=dimensions, ExtendedStatistics=["p50", "p99.9"])
        self.assertAlmostEqual(point["ExtendedStatistics"]["p50"], 2, delta=0.02)
        self.assertAlmostEqual(point["ExtendedStatistics"]["p99.9"], 9, delta=0.09)
        cli = self.aws("cloudwatch", "get-metric-statistics", "--namespace", "App", "--metric-name", "Latency",
                       "--dimensions", "Name=Shop,Value=b", "Name=Area,Value=a", "--statistics", "Maximum",
                       "--start-time", (at - datetime.timedelta(minutes=5)).isoformat(), "--end-time", now().isoformat(),
                       "--period", "300")
        self.assertEqual([one["Maximum"] for one in cli["Datapoints"]], [9.0])

    def test_values_with_counts_and_statistic_sets(self):
        self.cloudwatch.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "Counted", "Values": [1.0, 5.0], "Counts": [3.0, 1.0], "StorageResolution": 1},
            {"MetricName": "Set", "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}}])
        point, = self.statistics("Counted", period=3600, minutes=60)
        self.assertEqual((point["Sum"], point["SampleCount"]), (8, 4))
        point, = self.statistics("Set", period=3600, minutes=60)
        self.assertEqual((point["Average"], point["Maximum"]), (2.5, 4))
        self.assertEqual(self.statistics("Set", period=3600, minutes=60, ExtendedStatistics=["p50"]), [])

    def test_metric_data_with_math_and_pages(self):
        start = (now() - datetime.timedelta(minutes=30)).replace(second=0, microsecond=0)
        for minute in range(10):
            at = start + datetime.timedelta(minutes=minute)
            self.put("Requests", 100.0, Timestamp=at, namespace="Math")
            if minute % 2:
                self.put("Errors", float(minute), Timestamp=at, namespace="Math")

        def metric(name, stat="Sum"):
            return {"Metric": {"Namespace": "Math", "MetricName": name}, "Period": 60, "Stat": stat}

        queries = [{"Id": "r", "MetricStat": metric("Requests"), "ReturnData": False},
                   {"Id": "e", "MetricStat": metric("Errors")},
                   {"Id": "rate", "Expression": "100 * FILL(e, 0) / r", "Label": "percent"}]
        asked = {"MetricDataQueries": queries, "StartTime": start, "EndTime": start + datetime.timedelta(minutes=10),
                 "ScanBy": "TimestampAscending"}
        errors, rate = self.cloudwatch.get_metric_data(**asked)["MetricDataResults"]
        self.assertEqual(errors["Values"], [1, 3, 5, 7, 9])
        self.assertEqual(rate["Label"], "percent")
        self.assertEqual(rate["Values"], [0, 1, 0, 3, 0, 5, 0, 7, 0, 9])
        self.assertEqual(rate["Timestamps"][0], start)
        pages = list(self.cloudwatch.get_paginator("get_metric_data").paginate(
            **asked, PaginationConfig={"PageSize": 4}))
        self.assertGreater(len(pages), 3)
        values = {}
        for result in (one for page in pages for one in page["MetricDataResults"]):
            values.setdefault(result["Id"], []).extend(result["Values"])
        self.assertEqual(values, {"e": errors["Values"], "rate": rate["Values"]})

    def test_metrics_are_listed(self):
        for i in range(600):
            self.cloudwatch.put_metric_data(Namespace="Many", MetricData=[
                {"MetricName": f"m{i:03}", "Value": 1, "Dimensions": [{"Name": "k", "Value": str(i % 2)}]}])
        pages = list(self.cloudwatch.get_paginator("list_metrics").paginate(Namespace="Many"))
        self.assertEqual([len(page["Metrics"]) for page in pages], [500, 100])
        self.assertEqual([one["MetricName"] for page in pages for one in page["Metrics"]],
                         [f"m{i:03}" for i in range(600)])
        of_one = self.cloudwatch.list_metrics(Namespace="Many", Dimensions=[{"Name": "k", "Value": "1"}],
                                              RecentlyActive="PT3H")["Metrics"]
        self.assertEqual(len(of_one), 300)
        self.assertEqual(self.aws("cloudwatch", "list-metrics", "--metric-name", "m007")["Metrics"],
                         [{"Namespace": "Many", "MetricName": "m007", "Dimensions": [{"Name": "k", "Value": "1"}]}])

    def test_what_is_wrong_is_named(self):
        data = {"MetricName": "m"}
        rows = [
            ("InvalidParameterValue", {"Namespace": "AWS/ECS", "MetricData": [{**data, "Value": 1}]}),
            ("MissingParameter", {"Namespace": "N", "MetricData": [data]}),
            ("InvalidParameterCombination", {"Namespace": "N", "MetricData": [{**data, "Value": 1, "Values": [1]}]}),
            ("InvalidParameterValue", {"Namespace": "N", "MetricData": [{**data, "Values": [1], "Counts": [1, 2]}]}),
            ("InvalidParameterValue", {"Namespace": "N", "MetricData": [{**data, "Value": 2.0 ** 361}]}),
            ("InvalidParameterValue", {"Namespace": "N", "MetricData": [{**data, "Value": 1, "StorageResolution": 5}]}),
            ("InvalidParameterValue", {"Namespace": "N", "MetricData": [
                {**data, "Value": 1, "Timestamp": now() - datetime.timedelta(days=15)}]}),
        ]
        for code, request in rows:
            self.assertEqual(self.code(operation="put_metric_data", **request), code, request)
        span = {"StartTime": now() - datetime.timedelta(days=2), "EndTime": now()}
        asked = {"operation": "get_metric_statistics", "Namespace": "N", "MetricName": "m", **span}
        self.assertEqual(self.code(**asked, Period=60, Statistics=["Sum"]), "InvalidParameterCombination")
        self.assertEqual(self.code(**asked, Period=7, Statistics=["Sum"]), "InvalidParameterValue")
        self.assertEqual(self.code(**asked, Period=3600, ExtendedStatistics=["tm90"]), "InvalidParameterValue")
        self.assertEqual(self.code(**asked, Period=3600), "MissingParameter")
        math = {"operation": "get_metric_data", **span}
        for expression in ("SEARCH('x', 'y')", "m1 +", "m1 * 2", "FFT(a)"):
            self.assertEqual(self.code(**math, MetricDataQueries=[{"Id": "e", "Expression": expression}]),
                             "ValidationError", expression)

    # --- protocols ----------------------------------------------------------------------------------------------
    def test_json_as_newer_clients_send_it(self):
        def call(operation, body, **headers):
            status, fields, reply = self.raw({"X-Amz-Target": f"GraniteServiceVersion20100801.{operation}",
                                              "Content-Type": "application/x-amz-json-1.0", **headers}, body)
            return status, fields, json.loads(reply)

        datum = {"Namespace": "Json", "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": time.time()}]}
        status, fields, reply = call("PutMetricData", json.dumps(datum))
        self.assertEqual((status, reply, fields["content-type"]), (200, {}, "application/x-amz-json-1.0"))
        status, _, reply = call("ListMetrics", '{"Namespace": "Json"}')
        self.assertEqual(reply["Metrics"][0]["MetricName"], "m")
        # Large calls come compressed.
        packed = gzip.compress(json.dumps(datum).encode())
        self.assertEqual(call("PutMetricData", packed, **{"Content-Encoding": "gzip"})[0], 200)
        self.assertEqual(call("PutMetricData", packed[:-9], **{"Content-Encoding": "gzip"})[0], 400)
        status, _, reply = call("GetMetricStatistics", json.dumps({
            "Namespace": "Json", "MetricName": "m", "Period": 3600, "Statistics": ["Sum"],
            "StartTime": time.time() - 3600, "EndTime": time.time() + 60}))
        self.assertEqual(sum(point["Sum"] for point in reply["Datapoints"]), 3)
        # Errors name their shape, and Query's code besides.
        status, fields, reply = call("SetAlarmState", '{"AlarmName": "?", "StateValue": "OK", "StateReason": "r"}')
        self.assertEqual((status, reply["__type"]), (404, "ResourceNotFound"))
        status, fields, reply = call("PutMetricData", '{"Namespace": "N", "MetricData": [{"MetricName": "m"}]}')
        self.assertEqual((status, reply["__type"]), (400, "MissingRequiredParameterException"))
        self.assertEqual(fields["x-amzn-query-error"], "MissingParameter;Sender")

    def cbor(self, operation, document):
        status, fields, reply = self.raw(
            {"smithy-protocol": "rpc-v2-cbor", "Accept": "application/cbor", "Content-Type": "application/cbor"},
            raw_cbor.dumps(document), f"/service/GraniteServiceVersion20100801/operation/{operation}")
        self.assertEqual(fields["smithy-protocol"], "rpc-v2-cbor")
        self.assertEqual(fields["content-type"], "application/cbor")
        return status, fields, raw_cbor.loads(reply)

    def test_cbor_as_the_newest_clients_send_it(self):
        at = int(time.time()) // 60 * 60 - 120
        status, _, reply = self.cbor("PutMetricData", {"Namespace": "Cbor", "MetricData": [
            {"MetricName": "m", "Value": 2.5, "Timestamp": (at + 0.25,), "StorageResolution": 1}]})
        self.assertEqual((status, reply), (200, {}))
        status, _, reply = self.cbor("GetMetricStatistics", {
            "Namespace": "Cbor", "MetricName": "m", "Period": 1, "Statistics": ["Sum"],
            "StartTime": (at - 60,), "EndTime": (at + 60,)})
        self.assertEqual(reply, {"Label": "m", "Datapoints": [{"Timestamp": (at,), "Sum": 2.5, "Unit": "None"}]})
        status, fields, reply = self.cbor("PutMetricData", {"Namespace": "N", "MetricData": [{"MetricName": "m"}]})
        self.assertEqual((status, reply["__type"]), (400, "MissingRequiredParameterException"))
        self.assertEqual(fields["x-amzn-query-error"], "MissingParameter;Sender")
        status, _, reply = self.cbor("PutMetricData", {"Namespace": "N", "Sing": True})
        self.assertEqual((status, reply["__type"]), (400, "ValidationError"))
        status, _, reply = self.cbor("PutDashboard", {})
        self.assertEqual((status, reply["__type"]), (400, "UnknownOperationException"))
        self.assertIn("not implemented by Weir", reply["message"])

    # --- alarms -------------------------------------------------------------------------------------------------
    def alarm(self, name, metric, **more):
        self.cloudwatch.put_metric_alarm(**{
            "AlarmName": name, "Namespace": "Alarms", "MetricName": metric, "Statistic": "Sum", "Period": 1,
            "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching", **more})
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=[name])

    def described(self, name):
        return self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    def in_state(self, name, state, seconds=10):
        return wait_until(lambda: (alarm := self.described(name))["StateValue"] == state and alarm,
                          f"{name} is {state}", seconds)

    def test_an_alarm_goes_off_and_comes_back(self):
        action = "arn:aws:sns:eu-west-1:000000000000:topic"
        self.alarm("spike", "Spike", AlarmActions=[action], Tags=[{"Key": "k", "Value": "v"}])
        first = self.described("spike")
        self.assertEqual(first["AlarmArn"], "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:spike")
        self.in_state("spike", "OK")
        put = time.monotonic()
        self.put("Spike", 5.0, namespace="Alarms", StorageResolution=1)
        alarm = self.in_state("spike", "ALARM")
        print(f"from a breaching value to ALARM: {time.monotonic() - put:.2f} s")
        self.assertRegex(alarm["StateReason"], r"^Threshold Crossed: 1 out of the last 1 datapoint \[5.0 \(.*\)\] was "
                         r"greater than the threshold \(1.0\) \(minimum 1 datapoint for OK -> ALARM transition\).$")
        self.assertEqual(json.loads(alarm["StateReasonData"])["recentDatapoints"], [5.0])
        self.in_state("spike", "OK")
        history = self.cloudwatch.describe_alarm_history(AlarmName="spike", ScanBy="TimestampAscending")
        said = [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
        self.assertEqual(said, ['Alarm "spike" created', "Alarm updated from INSUFFICIENT_DATA to OK",
                                "Alarm updated from OK to ALARM", f"Failed to execute action {action}",
                                "Alarm updated from ALARM to OK"])
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=first["AlarmArn"])["Tags"],
                         [{"Key": "k", "Value": "v"}])
        of_metric = self.cloudwatch.describe_alarms_for_metric(Namespace="Alarms", MetricName="Spike")["MetricAlarms"]
        self.assertEqual([one["AlarmName"] for one in of_metric], ["spike"])

    def test_an_alarm_over_an_expression(self):
        def metric(name):
            return {"Metric": {"Namespace": "Alarms", "MetricName": name}, "Period": 1, "Stat": "Sum"}

        self.cloudwatch.put_metric_alarm(
            AlarmName="ratio", EvaluationPeriods=1, Threshold=50, ComparisonOperator="GreaterThanOrEqualToThreshold",
            Metrics=[{"Id": "bad", "MetricStat": metric("Bad"), "ReturnData": False},
                     {"Id": "all", "MetricStat": metric("All"), "ReturnData": False},
                     {"Id": "percent", "Expression": "100 * bad / all"}])
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=["ratio"])
        self.assertEqual(self.described("ratio")["StateValue"], "INSUFFICIENT_DATA")
        at = now()
        self.put("All", 4.0, namespace="Alarms", StorageResolution=1, Timestamp=at)
        self.put("Bad", 2.0, namespace="Alarms", StorageResolution=1, Timestamp=at)
        self.in_state("ratio", "ALARM")

    def test_a_composite_alarm_follows_those_that_it_is_made_of(self):
        def composite(**asked):
            return self.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"], **asked)["CompositeAlarms"]

        def is_in(name, state):
            return wait_until(lambda: (found := composite(AlarmNames=[name])) and found[0]["StateValue"] == state and found[0],
                              f"{name} is {state}", 10)
        for name in ("left", "right"):
            self.alarm(name, name)
        self.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM(left) AND ALARM("right")',
                                            Tags=[{"Key": "k", "Value": "v"}])
        self.cloudwatch.put_composite_alarm(AlarmName="neither", AlarmRule="NOT (ALARM(left) OR ALARM(right) OR ALARM(both))")
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=["both", "neither"])
        self.assertEqual((is_in("both", "OK")["AlarmRule"], is_in("neither", "ALARM")["AlarmName"]),
                         ('ALARM(left) AND ALARM("right")', "neither"))
        for name in ("left", "right"):
            self.put(name, 5.0, namespace="Alarms", StorageResolution=1)
        alarm = is_in("both", "ALARM")
        self.assertRegex(alarm["StateReason"], r"^arn:aws:cloudwatch:eu-west-1:000000000000:alarm:(left|right) transitioned to "
                                               r"ALARM at ")
        trigger = json.loads(alarm["StateReasonData"])["triggeringAlarms"][0]
        self.assertIn(trigger["arn"].rsplit(":", 1)[1], ("left", "right"))
        is_in("both", "OK")
        is_in("neither", "ALARM")
        self.assertEqual(self.cloudwatch.describe_alarms(AlarmNames=["both"])["MetricAlarms"], [], "of metrics by default")
        history = self.cloudwatch.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"],
                                                         ScanBy="TimestampAscending")["AlarmHistoryItems"]
        self.assertEqual([item["HistorySummary"] for item in history][:3], [
            'Alarm "both" created', "Alarm updated from INSUFFICIENT_DATA to OK", "Alarm updated from OK to ALARM"])
        self.assertEqual({item["AlarmType"] for item in history}, {"CompositeAlarm"})
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"],
                         [{"Key": "k", "Value": "v"}])
        rows = [("AlarmRule", {"AlarmRule": "ALARM(left"}), ("nobody", {"AlarmRule": "OK(nobody)"}),
                ("another type", {"AlarmName": "left", "AlarmRule": "TRUE"}),
                ("ActionsSuppressor", {"AlarmRule": "TRUE", "ActionsSuppressor": "left", "ActionsSuppressorWaitPeriod": 1,
                                       "ActionsSuppressorExtensionPeriod": 1})]
        for part, request in rows:
            with self.subTest(part), self.assertRaisesRegex(self.cloudwatch.exceptions.ClientError, f"ValidationError.*{part}"):
                self.cloudwatch.put_composite_alarm(**{"AlarmName": "bad", **request})
        self.assertEqual(composite(AlarmNames=["bad"]), [])

    def test_a_state_set_by_hand_lasts_until_the_next_evaluation(self):
        self.alarm("by-hand", "Nothing")
        self.in_state("by-hand", "OK")
        self.cloudwatch.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a test",
                                        StateReasonData='{"a": 1}')
        history = self.cloudwatch.describe_alarm_history(AlarmName="by-hand", HistoryItemType="StateUpdate")
        by_hand, = [item for item in history["AlarmHistoryItems"] if item["HistorySummary"].endswith("to ALARM")]
        data = json.loads(by_hand["HistoryData"])
        self.assertEqual(data["newState"]["stateReason"], "a test")
        self.in_state("by-hand", "OK")
        self.assertEqual(self.code(operation="set_alarm_state", AlarmName="none", StateValue="OK", StateReason="r"),
                         "ResourceNotFound")
        self.assertEqual(self.code(operation="set_alarm_state", AlarmName="by-hand", StateValue="OK",
                                   StateReason="r", StateReasonData="{"), "InvalidFormat")

    def test_alarms_are_described_and_changed(self):
        for i in range(5):
            self.alarm(f"list-{i}", "None", EvaluationPeriods=2, DatapointsToAlarm=1, Period=60,
                       TreatMissingData="missing")
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix="list-", PaginationConfig={"PageSize": 2})
        self.assertEqual([one["AlarmName"] for page in pages for one in page["MetricAlarms"]],
                         [f"list-{i}" for i in range(5)])
        self.cloudwatch.disable_alarm_actions(AlarmNames=["list-1"])
        self.assertFalse(self.described("list-1")["ActionsEnabled"])
        self.cloudwatch.enable_alarm_actions(AlarmNames=["list-1"])
        self.assertTrue(self.described("list-1")["ActionsEnabled"])
        self.assertEqual(self.cloudwatch.describe_alarms(AlarmNamePrefix="list-", StateValue="ALARM")["MetricAlarms"], [])
        arn = self.described("list-2")["AlarmArn"]
        self.cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "b", "Value": "2"}])
        self.assertEqual(self.code(operation="delete_alarms", AlarmNames=["list-0", "absent"]), "ResourceNotFound")
        self.assertEqual(self.described("list-0")["StateValue"], "INSUFFICIENT_DATA", "nothing half-deleted")

    def test_bad_alarms_are_refused(self):
        good = {"AlarmName": "bad", "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60,
                "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        rows = [{"Period": 7}, {"DatapointsToAlarm": 2}, {"TreatMissingData": "sometimes"}, {"EvaluationPeriods": 2000},
                {"ComparisonOperator": "GreaterThanUpperThreshold"}, {"ExtendedStatistic": "p90"},
                {"EvaluateLowSampleCountPercentile": "ignore"}, {"ThresholdMetricId": "t"},
                {"Metrics": [{"Id": "a", "Expression": "1"}]}]
        for row in rows:
            self.assertEqual(self.code(operation="put_metric_alarm", **{**good, **row}), "ValidationError", row)
        self.assertEqual(self.cloudwatch.describe_alarms(AlarmNames=["bad"])["MetricAlarms"], [])


class AfterAKill(unittest.TestCase):
    def test_metrics_and_alarms_are_there(self):
        with Weir() as weir:
            cloudwatch = weir.client("cloudwatch")
            at = (now() - datetime.timedelta(minutes=5)).replace(second=30, microsecond=0)
            cloudwatch.put_metric_data(Namespace="Kept", MetricData=[
                {"MetricName": "m", "Value": value, "Timestamp": at} for value in (1.0, 2.0)])
            cloudwatch.put_metric_alarm(AlarmName="kept", Namespace="Kept", MetricName="m", Statistic="Sum", Period=60,
                                        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                        TreatMissingData="ignore")
            cloudwatch.set_alarm_state(AlarmName="kept", StateValue="ALARM", StateReason="before")
            weir.kill()
            weir.start()
            points = cloudwatch.get_metric_statistics(
                Namespace="Kept", MetricName="m", StartTime=at - datetime.timedelta(minutes=1), EndTime=now(),
                Period=60, Statistics=["Sum", "SampleCount"])["Datapoints"]
            self.assertEqual([(one["Sum"], one["SampleCount"]) for one in points], [(3, 2)])
            alarm, = cloudwatch.describe_alarms()["MetricAlarms"]
            self.assertEqual((alarm["StateValue"], alarm["StateReason"]), ("ALARM", "before"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
