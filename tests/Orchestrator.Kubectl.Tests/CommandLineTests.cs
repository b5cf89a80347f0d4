namespace Orchestrator.Kubectl.Tests;

/// <summary>What a user sees who mistypes: one sentence, exit code 2, no stack trace.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-cli").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--listen takes an address and a port", "up", "--listen", "here")]
    [InlineData("Unrecognized command or argument '--bogus'", "seed", "--bogus")]
    [InlineData("Option '--join' is required", "node", "--name", "a")]
    [InlineData("--journal takes sqlite:FILE or postgresql:CONNECTIONSTRING", "seed", "--journal", "mysql:x")]
    [InlineData("--service-cluster-ip-range takes an IPv4 network", "seed", "--service-cluster-ip-range", "10.0.0.0/30")]
    [InlineData("--service-node-port-range takes two ports", "up", "--service-node-port-range", "9-1")]
    [InlineData("--hollow", "node", "--name", "a", "--join", "127.0.0.1:1", "--hollow", "many")]
    public async Task BadOption_OneSentenceAndExitCode2(string expected, params string[] arguments)
    {
        var result = await RunAsync(arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenConfiguration_NamesFileAndPlace()
    {
        var file = Path.Combine(_folder, "broken.conf");
        await File.WriteAllTextAsync(file, "akka {\n  loglevel = [\n");

        var result = await RunAsync("up", "--data", Path.Combine(_folder, "d"), "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--config", file);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RemotingForEveryone_WithoutTls_IsRefused()
    {
        var result = await RunAsync("up", "--data", Path.Combine(_folder, "d"), "--listen", "127.0.0.1:0", "--remoting", "0.0.0.0:0");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--insecure", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondProcess_OnTheSameDataOrPort_IsRefused()
    {
        var data = Path.Combine(_folder, "d");
        await using var first = await OrchestratorProcess.StartAsync(
            "up", "--data", data, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "hollow");

        var sameData = await RunAsync("up", "--data", data, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "hollow");
        var sameListen = await RunAsync("up", "--data", data + "2", "--listen", new Uri(first.Url).Authority, "--remoting", "127.0.0.1:0", "--runtime", "hollow");
        var sameRemoting = await RunAsync("up", "--data", data + "3", "--listen", "127.0.0.1:0", "--remoting", first.Remoting, "--runtime", "hollow");

        Assert.All(new[] { sameData, sameListen, sameRemoting }, result =>
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("in use", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        });
        Assert.Equal(0, await first.TerminateAsync());
    }

    private static Task<CommandResult> RunAsync(params string[] arguments) =>
        Command.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "orchestrator.dll"), .. arguments]);
}
