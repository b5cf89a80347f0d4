using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Runs a command with its streams connected by pipes.</summary>
internal static class PipedProcess
{
    public static async Task<int> RunAsync(ImmutableArray<string> command, ContainerSpec spec, ExecStreams streams, ExecSession session, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = ContainerShell.WorkingDirectory(spec),
        };
        start.ArgumentList.Add("--");
        foreach (var word in command) start.ArgumentList.Add(word);
        ContainerShell.SetEnvironment(start, spec);
        using var process = Start(start);
        session.Begin(process.Id);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = SendAsync(streams.Stdin, process.StandardInput.BaseStream, ended.Token);
        try
        {
            await Task.WhenAll(
                CopyAsync(process.StandardOutput.BaseStream, streams.Stdout, cancellationToken),
                CopyAsync(process.StandardError.BaseStream, streams.Stderr, cancellationToken)).ConfigureAwait(false);
            session.Note();
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode;
        }
        catch
        {
            ProcessSession.KillAllBut(process.Id);
            ProcessSession.Kill(process.Id);
            throw;
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await input.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public static System.Diagnostics.Process Start(ProcessStartInfo start)
    {
        try
        {
            return System.Diagnostics.Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RuntimeFailureException("ExecFailed", e.Message, e);
        }
    }

    private static async Task SendAsync(Stream? from, Stream to, CancellationToken cancellationToken)
    {
        await using (to.ConfigureAwait(false))
        {
            if (from is null) return;
            var buffer = new byte[8192];
            while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task CopyAsync(Stream from, Stream? to, CancellationToken cancellationToken)
    {
        var buffer = new byte[8192];
        while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            if (to is null) continue;
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
