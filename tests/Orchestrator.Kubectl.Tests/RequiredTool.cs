using System.Diagnostics;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Tools that a test needs: without one the test says so and is skipped, unless ORCHESTRATOR_REQUIRE names it.</summary>
internal static class RequiredTool
{
    public static void Need(string tool)
    {
        if (IsThere(tool)) return;
        var required = (Environment.GetEnvironmentVariable("ORCHESTRATOR_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (required.Contains(tool)) throw new InvalidOperationException($"{tool} is required by ORCHESTRATOR_REQUIRE and is not here");
        Skip.If(true, $"{tool} is not here; install it, see README.md");
    }

    private static bool IsThere(string tool) => tool switch
    {
        "kubectl" => Answers("kubectl", "version --client"),
        "node" => Answers("node", "--version") && Answers("npm", "--version"),
        "curl" => Answers("curl", "--version"),
        "openssl" => Answers("openssl", "version"),
        "python" => Answers("/usr/bin/python3", "-c \"import kubernetes\""),
        "ruby" => Answers("ruby", "-e \"require 'kubeclient'\""),
        "docker" => Answers("docker", "info"),
        "postgresql" => Directory.Exists("/usr/lib/postgresql"),
        _ => throw new ArgumentOutOfRangeException(nameof(tool), tool, "no such tool"),
    };

    private static bool Answers(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
