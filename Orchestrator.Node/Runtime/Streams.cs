using System.Collections.Immutable;
using System.Threading.Channels;

namespace Orchestrator.Node.Runtime;

/// <summary>Which part of a log to read, and how; the fields of PodLogOptions.</summary>
public sealed record LogQuery
{
    public bool Follow { get; init; }
    public bool Timestamps { get; init; }

    /// <summary>The number of last lines; null is all.</summary>
    public long? TailLines { get; init; }
    public DateTimeOffset? Since { get; init; }

    /// <summary>Most bytes to send; null is no bound.</summary>
    public long? LimitBytes { get; init; }
}

/// <summary>A command to run in a container.</summary>
public sealed record ExecRequest(ImmutableArray<string> Command, bool Tty);

/// <summary>The size of a terminal in characters.</summary>
public readonly record struct TerminalSize(int Width, int Height);

/// <summary>The client's ends of a command's streams; a null stream is not connected. With a terminal, stderr is null.</summary>
public sealed record ExecStreams
{
    public Stream? Stdin { get; init; }
    public Stream? Stdout { get; init; }
    public Stream? Stderr { get; init; }
    public bool Tty { get; init; }

    /// <summary>New sizes of the client's terminal.</summary>
    public ChannelReader<TerminalSize>? Resizes { get; init; }
}
