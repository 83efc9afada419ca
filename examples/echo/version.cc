// The only thing in which the images echo_server-0.9 and echo_server-1.0 differ.
extern const char* const kEchoVersion;
const char* const kEchoVersion = ECHO_VERSION;
