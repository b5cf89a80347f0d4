using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Kubectl.Tests;

/// <summary>A process of the built executable, as a user starts it, on ports of its own choice.</summary>
public sealed partial class OrchestratorProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Match> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OrchestratorProcess(Process process) => _process = process;

    public string Url { get; private set; } = "";
    public string Remoting { get; private set; } = "";
    public string Kubeconfig { get; private set; } = "";
    public int ProcessId => _process.Id;
    public string Log { get { lock (_log) return _log.ToString(); } }

    /// <summary>Starts a process and waits until it says that it is ready.</summary>
    public static async Task<OrchestratorProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "orchestrator.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var started = new OrchestratorProcess(Process.Start(start)!);
        _ = started.ReadAsync(started._process.StandardOutput);
        _ = started.ReadAsync(started._process.StandardError);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var ended = started._process.WaitForExitAsync(bound.Token);
        if (await Task.WhenAny(started._ready.Task, ended) == ended)
        {
            var log = started.Log;
            await started.DisposeAsync();
            throw new InvalidOperationException($"'{string.Join(' ', arguments)}' did not become ready\n{log}");
        }
        var match = await started._ready.Task;
        started.Url = match.Groups["url"].Value;
        started.Remoting = match.Groups["remoting"].Value;
        started.Kubeconfig = match.Groups["kubeconfig"].Value;
        return started;
    }

    public Task<CommandResult> KubectlAsync(params string[] arguments) => KubectlAsync(null, arguments);

    public Task<CommandResult> KubectlAsync(string? input, string[] arguments) =>
        Command.RunAsync("kubectl", ["--kubeconfig", Kubeconfig, .. arguments], input);

    /// <summary>Ends the process as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks the process to stop, as Ctrl-C and service managers do; returns its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        (await Command.RunAsync("kill", ["-TERM", $"{_process.Id}"])).Succeeded();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(bound.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            try
            {
                await TerminateAsync();
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log) _log.AppendLine(line);
            if (ReadyLine().Match(line) is { Success: true } match) _ready.TrySetResult(match);
        }
    }

    [GeneratedRegex(@"^Ready(: (?<url>https://\S+))?, remoting (?<remoting>[^,\s]+)(, kubeconfig (?<kubeconfig>\S+)\.)?")]
    private static partial Regex ReadyLine();
}
