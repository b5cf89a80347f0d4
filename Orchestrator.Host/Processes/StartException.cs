namespace Orchestrator.Host.Processes;

/// <summary>Why a process cannot start, as one sentence for its user. It ends the process with exit code 2, without a stack trace.</summary>
public sealed class StartException(string message, Exception? cause = null) : Exception(message, cause)
{
    public const int ExitCode = 2;
}
