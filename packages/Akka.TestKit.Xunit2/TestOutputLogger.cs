using Akka.Actor;
using Akka.Event;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2.Internals;

/// <summary>Writes log events to the output of a test.</summary>
public class TestOutputLogger : ReceiveActor
{
    public TestOutputLogger(ITestOutputHelper output, string prefix = "")
    {
        Receive<LogEvent>(e =>
        {
            try
            {
                output.WriteLine(prefix + e);
            }
            catch (InvalidOperationException)
            {
                // The test is over, and xunit takes no more output.
            }
        });
        Receive<InitializeLogger>(e =>
        {
            foreach (var type in (Type[])[typeof(Debug), typeof(Info), typeof(Warning), typeof(Error)]) e.LoggingBus.Subscribe(Self, type);
            Sender.Tell(new LoggerInitialized());
        });
    }
}
