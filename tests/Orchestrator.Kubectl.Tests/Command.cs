using System.Diagnostics;
using System.Text;

namespace Orchestrator.Kubectl.Tests;

/// <summary>What a command printed and how it ended.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The output of a command that must have worked.</summary>
    public string Succeeded() =>
        ExitCode == 0 ? Output : throw new InvalidOperationException($"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}");
}

/// <summary>Runs a program to its end, with a bound in time that only a hang reaches.</summary>
public static class Command
{
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    public static async Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, string? input = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        var error = new StringBuilder();
        var reads = Task.WhenAll(Drain(process.StandardOutput, output), Drain(process.StandardError, error));
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var bound = new CancellationTokenSource(Bound);
        try
        {
            await process.WaitForExitAsync(bound.Token);
            await reads;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end\n--- output\n{output}\n--- error\n{error}");
        }
        return new CommandResult(process.ExitCode, output.ToString(), error.ToString());
    }

    private static async Task Drain(StreamReader reader, StringBuilder into)
    {
        var buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
            lock (into) into.Append(buffer, 0, read);
    }
}
