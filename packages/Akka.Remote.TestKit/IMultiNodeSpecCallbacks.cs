namespace Akka.Remote.TestKit;

/// <summary>What the process of a node calls around the test method.</summary>
public interface IMultiNodeSpecCallbacks
{
    /// <summary>Runs once, when every node is there and before the test method.</summary>
    void MultiNodeSpecBeforeAll();

    /// <summary>Runs once after the test method, whether it passed or not.</summary>
    void MultiNodeSpecAfterAll();
}
