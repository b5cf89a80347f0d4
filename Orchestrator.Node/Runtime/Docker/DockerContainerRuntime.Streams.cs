using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Node.Runtime.Docker;

public sealed partial class DockerContainerRuntime
{
    private const int BufferLength = 32 * 1024;

    /// <summary>How often a terminal's size is tried while its process begins (count).</summary>
    private const int ResizeAttempts = 10;

    /// <summary>The wait after the first try; each next one waits longer by as much.</summary>
    private static readonly TimeSpan ResizeRetry = TimeSpan.FromMilliseconds(20);

    /// <summary>How long the output of an attached container may take to arrive after its end.</summary>
    private static readonly TimeSpan LastOutputTimeout = TimeSpan.FromSeconds(2);

    public async Task ReadLogsAsync(string containerId, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            var container = await client.Containers.InspectContainerAsync(containerId, cancellationToken).ConfigureAwait(false);
            using var logs = await client.Containers.GetContainerLogsAsync(containerId, container.Config.Tty, Parameters(query), cancellationToken)
                .ConfigureAwait(false);
            await CopyLogsAsync(logs, query.LimitBytes ?? long.MaxValue, output, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("LogsUnavailable", Message(e), e);
        }
    }

    private static ContainerLogsParameters Parameters(LogQuery query) => new()
    {
        ShowStdout = true,
        ShowStderr = true,
        Follow = query.Follow,
        Timestamps = query.Timestamps,
        Tail = query.TailLines?.ToString(CultureInfo.InvariantCulture),
        Since = query.Since is { } since
            ? string.Create(CultureInfo.InvariantCulture, $"{since.ToUnixTimeSeconds()}.{since.Ticks % TimeSpan.TicksPerSecond * 100:000000000}")
            : null,
    };

    private static async Task CopyLogsAsync(MultiplexedStream logs, long limit, Stream output, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (limit > 0)
            {
                var read = await logs.ReadOutputAsync(buffer, 0, (int)Math.Min(buffer.Length, limit), cancellationToken).ConfigureAwait(false);
                if (read.EOF) return;
                limit -= read.Count;
                await output.WriteAsync(buffer.AsMemory(0, read.Count), cancellationToken).ConfigureAwait(false);
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async Task<int> ExecAsync(string containerId, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken)
    {
        try
        {
            var created = await client.Exec.ExecCreateContainerAsync(containerId, new ContainerExecCreateParameters
            {
                Cmd = [.. request.Command],
                Tty = request.Tty,
                AttachStdin = streams.Stdin is not null,
                AttachStdout = true,
                AttachStderr = true,
            }, cancellationToken).ConfigureAwait(false);
            using var stream = await client.Exec.StartAndAttachContainerExecAsync(created.ID, request.Tty, cancellationToken).ConfigureAwait(false);
            await PumpAsync(stream, streams, size => client.Exec.ResizeContainerExecTtyAsync(created.ID, size, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            return await ExitCodeAsync(created.ID, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("ExecFailed", Message(e), e);
        }
    }

    // The output may end a moment before the engine knows the exit code.
    private async Task<int> ExitCodeAsync(string execId, CancellationToken cancellationToken)
    {
        for (var delay = 5; ; delay = Math.Min(delay * 2, 500))
        {
            var state = await client.Exec.InspectContainerExecAsync(execId, cancellationToken).ConfigureAwait(false);
            if (!state.Running) return (int)state.ExitCode;
            await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task AttachAsync(string containerId, ExecStreams streams, CancellationToken cancellationToken)
    {
        try
        {
            var container = await client.Containers.InspectContainerAsync(containerId, cancellationToken).ConfigureAwait(false);
            var parameters = new ContainerAttachParameters { Stream = true, Stdin = streams.Stdin is not null, Stdout = true, Stderr = true };
            using var stream = await client.Containers.AttachContainerAsync(containerId, container.Config.Tty, parameters, cancellationToken)
                .ConfigureAwait(false);
            // The engine never ends the stream of a container that ended just before, so its end is watched as well.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var pump = PumpAsync(stream, streams, size => client.Containers.ResizeContainerTtyAsync(containerId, size, ended.Token), ended.Token);
            Task exit = client.Containers.WaitContainerAsync(containerId, ended.Token);
            if (await Task.WhenAny(pump, exit).ConfigureAwait(false) == exit)
                await Task.WhenAny(pump, Task.Delay(LastOutputTimeout, ended.Token)).ConfigureAwait(false);
            var whole = pump.IsCompleted;
            await ended.CancelAsync().ConfigureAwait(false);
            await exit.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (whole) await pump.ConfigureAwait(false);
            else await pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!whole) throw new RuntimeFailureException("AttachFailed", $"container {containerId} is not running");
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("AttachFailed", Message(e), e);
        }
    }

    /// <summary>Moves bytes both ways until the process's output ends.</summary>
    private static async Task PumpAsync(
        MultiplexedStream stream, ExecStreams streams, Func<ContainerResizeParameters, Task> resize, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = streams.Stdin is { } stdin ? SendAsync(stdin, stream, streams.Tty, ended.Token) : Task.CompletedTask;
        var sizes = streams.Resizes is null ? Task.CompletedTask : ResizeAsync(streams, resize, ended.Token);
        try
        {
            var buffer = new byte[BufferLength];
            while (true)
            {
                var read = await stream.ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken).ConfigureAwait(false);
                if (read.EOF) return;
                var to = read.Target == MultiplexedStream.TargetStream.StandardError ? streams.Stderr : streams.Stdout;
                if (to is null) continue;
                await to.WriteAsync(buffer.AsMemory(0, read.Count), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(input, sizes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(Stream from, MultiplexedStream to, bool tty, CancellationToken cancellationToken)
    {
        await to.CopyFromAsync(from, cancellationToken).ConfigureAwait(false);
        if (!tty) to.CloseWrite(); // closing a terminal would hang up the process instead of ending its input
    }

    private static async Task<bool> TryResizeAsync(TerminalSize size, Func<ContainerResizeParameters, Task> resize)
    {
        try
        {
            await resize(new ContainerResizeParameters { Width = size.Width, Height = size.Height }).ConfigureAwait(false);
            return true;
        }
        catch (DockerApiException)
        {
            return false; // not up yet, or gone
        }
    }

    private static async Task ResizeAsync(ExecStreams streams, Func<ContainerResizeParameters, Task> resize, CancellationToken cancellationToken)
    {
        await foreach (var size in streams.Resizes!.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            // The first size comes with the client, and often before the process is up, which the engine refuses.
            for (var attempt = 1; !await TryResizeAsync(size, resize).ConfigureAwait(false); attempt++)
            {
                if (attempt == ResizeAttempts || streams.Resizes.TryPeek(out _)) break;
                await Task.Delay(ResizeRetry * attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task<Stream> ConnectAsync(SandboxState sandbox, int port, CancellationToken cancellationToken)
    {
        try
        {
            var container = await client.Containers.InspectContainerAsync(sandbox.Id, cancellationToken).ConfigureAwait(false);
            return await NetworkNamespace.ConnectAsync(container.State.Pid, port).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or DockerApiException)
        {
            throw new RuntimeFailureException("PortForwardError", $"failed to connect to localhost:{port} inside the pod: {e.Message}", e);
        }
    }
}
