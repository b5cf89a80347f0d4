using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>The process of one role, and what it writes.</summary>
internal sealed class RoleProcess : IDisposable
{
    /// <summary>Most that is kept of what a node writes (characters); of more, the newest.</summary>
    private const int OutputMax = 256 * 1024;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly object _gate = new();
    private volatile bool _expectedToDie;

    public RoleProcess(string role, NodeCommand command, string directory)
    {
        Role = role;
        var start = new ProcessStartInfo(DotNet())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        var tests = Path.Combine(Path.GetDirectoryName(command.AssemblyPath)!, Path.GetFileNameWithoutExtension(command.AssemblyPath));
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add("--runtimeconfig");
        start.ArgumentList.Add(tests + ".runtimeconfig.json");
        start.ArgumentList.Add("--depsfile");
        start.ArgumentList.Add(tests + ".deps.json");
        start.ArgumentList.Add(typeof(RoleProcess).Assembly.Location);
        foreach (var argument in command.ToArguments()) start.ArgumentList.Add(argument);
        // Temporary files of all nodes of one run share a folder, which goes when the run ends.
        foreach (var name in (string[])["TMPDIR", "TMP", "TEMP"]) start.Environment[name] = directory;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Append(e.Data);
        _process.ErrorDataReceived += (_, e) => Append(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = WaitAsync();
    }

    public string Role { get; }

    /// <summary>Completes with null when the process has ended as it should, or with what was wrong.</summary>
    public Task<string?> Exited { get; }

    public string Output
    {
        get
        {
            lock (_gate) return _output.ToString();
        }
    }

    /// <summary>Ends the process at once, as a crash does: nothing of it runs any more.</summary>
    public async Task KillAsync()
    {
        _expectedToDie = true;
        Kill();
        await Exited.ConfigureAwait(false);
    }

    /// <summary>Ends the process, which should have ended by itself.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<string?> WaitAsync()
    {
        // Also waits until all it has written is read.
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _expectedToDie || _process.ExitCode == 0 ? null : $"{Role} ended with exit code {_process.ExitCode}";
    }

    private void Append(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _output.Append(line).Append('\n');
            if (_output.Length > OutputMax) _output.Remove(0, _output.Length - OutputMax / 2);
        }
    }

    // The test host may have been started by itself, so the running executable is not always dotnet; the runtime is always under it.
    private static string DotNet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(root) ? root : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? name;
    }
}
