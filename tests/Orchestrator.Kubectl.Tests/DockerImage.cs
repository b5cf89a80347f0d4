using System.Diagnostics;

namespace Orchestrator.Kubectl.Tests;

/// <summary>An image made from the static busybox of this machine, since no registry can be reached.</summary>
internal static class DockerImage
{
    public const string Name = "orchestrator-test/kubectl:1";
    private static readonly SemaphoreSlim Once = new(1);
    private static bool _made;

    public static async Task EnsureAsync()
    {
        RequiredTool.Need("docker");
        await Once.WaitAsync();
        try
        {
            if (_made) return;
            _made = (await Command.RunAsync("docker", ["image", "inspect", Name])).ExitCode == 0;
            if (_made) return;
            var root = Directory.CreateTempSubdirectory("orchestrator-image");
            var bin = root.CreateSubdirectory("bin").FullName;
            File.Copy("/bin/busybox", Path.Combine(bin, "busybox"));
            foreach (var applet in new[] { "sh", "sleep", "echo", "cat", "ls", "env", "hostname", "id", "true", "false", "kill", "wget", "httpd", "date", "touch", "test" })
                File.CreateSymbolicLink(Path.Combine(bin, applet), "busybox");
            (await Command.RunAsync("sh", ["-c", $"tar -C {root.FullName} -c . | docker import - {Name}"])).Succeeded();
            root.Delete(recursive: true);
            _made = true;
        }
        finally
        {
            Once.Release();
        }
    }

    /// <summary>The ids of the running containers of a pod's container, as the engine tells.</summary>
    public static async Task<string[]> ContainersAsync(string ns, string container) =>
        (await Command.RunAsync("docker", ["ps", "-q", "--no-trunc", "--filter", $"label=io.kubernetes.pod.namespace={ns}", "--filter", $"label=io.kubernetes.container.name={container}"]))
        .Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
