namespace Orchestrator.Node.Runtime;

/// <summary>A failure to run a container that belongs in the pod's status.</summary>
/// <param name="reason">The reason of the container's waiting state, such as <c>ErrImagePull</c> or <c>CreateContainerError</c>.</param>
/// <param name="message">What a user needs to mend it.</param>
public sealed class RuntimeFailureException(string reason, string message, Exception? cause = null) : Exception(message, cause)
{
    public string Reason { get; } = reason;
}
