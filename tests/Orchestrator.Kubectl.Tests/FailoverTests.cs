namespace Orchestrator.Kubectl.Tests;

/// <summary>Three seeds and two nodes; the seed that works dies during a stream of creates.</summary>
public sealed class FailoverTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-failover").FullName;
    private readonly List<OrchestratorProcess> _processes = [];

    public Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(p => p.DisposeAsync().AsTask()));
        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public Task Sqlite_SharedFile_KilledSeed_LosesNothing() => KilledSeedLosesNothingAsync($"sqlite:{Path.Combine(_folder, "cluster.db")}");

    [SkippableFact]
    public async Task PostgreSql_KilledSeed_LosesNothing()
    {
        RequiredTool.Need("postgresql");
        await using var database = await PostgreSql.StartAsync();
        await KilledSeedLosesNothingAsync($"postgresql:{database.ConnectionString}");
        await Task.WhenAll(_processes.Select(p => p.DisposeAsync().AsTask()));
        _processes.Clear();
    }

    private async Task KilledSeedLosesNothingAsync(string journal)
    {
        var first = await SeedAsync("s1", journal);
        var second = await SeedAsync("s2", journal, first.Remoting);
        await SeedAsync("s3", journal, first.Remoting);
        foreach (var node in new[] { "n1", "n2" })
            _processes.Add(await OrchestratorProcess.StartAsync("node", "--name", node, "--data", Path.Combine(_folder, node), "--remoting", "127.0.0.1:0",
                "--runtime", "hollow", "--join", $"{first.Remoting},{second.Remoting}"));
        var kubectl = new Kubectl(second, "default");
        await kubectl.RunAsync("wait", "--for=condition=Ready", "node/n1", "node/n2", "--timeout=60s");

        // The first seed is the oldest member, so it holds the singletons and, having been alone, the registries.
        var acknowledged = new List<string>();
        var kill = new TaskCompletionSource();
        var stream = CreateAsync(kubectl, acknowledged, kill);
        await kill.Task;
        await first.KillAsync();
        await stream;

        // Everything acknowledged is there once, and gets scheduled and run by those who are left.
        foreach (var name in acknowledged)
            await kubectl.RunAsync("wait", "--for=jsonpath={.status.phase}=Running", $"pod/{name}", "--timeout=120s");
        var pods = (await kubectl.RunAsync("get", "pods", "-o", "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{\"\\n\"}{end}"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(pods.Length, pods.Select(p => p.Split(' ')[0]).Distinct().Count());
        Assert.Empty(acknowledged.Except(pods.Select(p => p.Split(' ')[0])));
    }

    private static async Task CreateAsync(Kubectl kubectl, List<string> acknowledged, TaskCompletionSource kill)
    {
        for (var n = 0; n < 30; n++)
        {
            if (n == 10) kill.SetResult();
            var name = $"p-{n}";
            while (true)
            {
                var result = await kubectl.TryAsync("run", name, "--image=busybox", "--restart=Never");
                // After a lost answer the create may have happened: the second try then says so.
                if (result.ExitCode == 0 || result.Error.Contains("AlreadyExists", StringComparison.Ordinal)) break;
            }
            acknowledged.Add(name);
        }
    }

    private async Task<OrchestratorProcess> SeedAsync(string name, string journal, string? join = null)
    {
        string[] joining = join is null ? [] : ["--join", join];
        var seed = await OrchestratorProcess.StartAsync(
            ["seed", "--data", Path.Combine(_folder, name), "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--journal", journal, .. joining]);
        _processes.Add(seed);
        return seed;
    }
}
