using Xunit;
using Xunit.Sdk;

namespace Akka.MultiNode.TestAdapter;

/// <summary>
/// Marks a test method that runs in one process per role of its class's MultiNodeConfig, at the same time.
/// Timeout (milliseconds) ends the whole run; 0 stands for three minutes.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Akka.MultiNode.TestAdapter.Internal.MultiNodeFactDiscoverer", "Akka.MultiNode.TestAdapter")]
public class MultiNodeFactAttribute : FactAttribute;
