using Orchestrator.Node.Endpoint;

namespace Orchestrator.Node.Tests.Endpoint;

/// <summary>What the log directory of a node shows, and what it keeps to itself.</summary>
public sealed class NodeLogsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("node-logs").FullName;
    private readonly NodeLogs _logs;

    public NodeLogsTests()
    {
        Directory.CreateDirectory(At("logs", "pods"));
        File.WriteAllText(At("logs", "kubelet.log"), "up");
        File.WriteAllText(At("logs", "pods", "a.log"), "pod");
        File.WriteAllText(At("secret"), "key");
        File.CreateSymbolicLink(At("logs", "inside"), At("logs", "pods", "a.log"));
        File.CreateSymbolicLink(At("logs", "outside"), At("secret"));
        Directory.CreateSymbolicLink(At("logs", "up"), _folder);
        Directory.CreateSymbolicLink(At("logs", "dir"), At("logs", "pods"));
        _logs = new NodeLogs(At("logs"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "logs")]
    [InlineData("kubelet.log", "logs/kubelet.log")]
    [InlineData("pods/a.log", "logs/pods/a.log")]
    [InlineData("inside", "logs/pods/a.log")]
    [InlineData("dir/a.log", "logs/pods/a.log")]
    [InlineData("none", null)]
    [InlineData("../secret", null)]
    [InlineData("pods/../../secret", null)]
    [InlineData("outside", null)]
    [InlineData("up/secret", null)]
    [InlineData("up/logs/kubelet.log", null)]
    [InlineData("/etc/passwd", null)]
    [InlineData("kubelet.log\0", null)]
    public void Find_StaysInTheDirectory(string path, string? found) => Assert.Equal(found is null ? null : At(found.Split('/')), _logs.Find(path));

    private string At(params string[] names) => Path.Combine([_folder, .. names]);
}
