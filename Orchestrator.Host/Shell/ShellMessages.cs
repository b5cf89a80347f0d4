using Orchestrator.Actors.Serialization;

namespace Orchestrator.Host.Shell;

/// <summary>Runs one command on the member that receives it; answered with <see cref="ShellOutput"/> until one says that it is done.</summary>
/// <param name="Words">The command and its arguments.</param>
/// <param name="Files">The contents of the files that the arguments name, by name: the member cannot read the user's disk.</param>
/// <param name="Format">table, json or yaml.</param>
public sealed record RunShellCommand(string[] Words, Dictionary<string, string> Files, string Format) : IWireMessage;

/// <summary>A command has begun; its sender is whom <see cref="StopShellCommand"/> is for.</summary>
public sealed record ShellCommandBegun : IWireMessage;

/// <summary>Ends a command that still runs, such as a followed log.</summary>
public sealed record StopShellCommand : IWireMessage;

/// <summary>Asks what may follow; answered with <see cref="ShellCompletions"/>.</summary>
/// <param name="Words">The words before the cursor; the last one is being typed and may be empty.</param>
public sealed record CompleteShellCommand(string[] Words) : IWireMessage;

public sealed record ShellCompletions(string[] Words) : IWireMessage;

/// <summary>A piece of what a command prints.</summary>
/// <param name="ExitCode">The result of the command; given with the last piece alone.</param>
public sealed record ShellOutput(string Text, bool IsError, int? ExitCode) : IWireMessage;

internal static class ShellCodecs
{
    public static IEnumerable<WireCodec> All =>
    [
        WireCodec.Json<RunShellCommand>("run-shell-command"),
        WireCodec.Json<ShellCommandBegun>("shell-command-begun"),
        WireCodec.Json<StopShellCommand>("stop-shell-command"),
        WireCodec.Json<CompleteShellCommand>("complete-shell-command"),
        WireCodec.Json<ShellCompletions>("shell-completions"),
        WireCodec.Json<ShellOutput>("shell-output"),
    ];
}
