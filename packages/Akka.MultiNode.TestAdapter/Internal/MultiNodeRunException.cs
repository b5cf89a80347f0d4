namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>A run that failed: which nodes and why, then what every node has written.</summary>
public sealed class MultiNodeRunException(string message) : Exception(message);
