using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Three seeds and two nodes; the seed that works dies during a stream of creates, comes back, leaves, and a node dies.</summary>
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>How long nothing may be acknowledged or bound after the oldest seed dies. Its parts: detection, resolver, margin.</summary>
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(10);

    private const int Creates = 60;
    private const int KillBefore = 20;

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

    [SkippableFact]
    public async Task Token_OfOneSeed_IsBelievedByAnother_AlsoWhenTheFirstIsGone()
    {
        var journal = $"sqlite:{Path.Combine(_folder, "cluster.db")}";
        var first = await SeedAsync("s1", journal);
        var second = await SeedAsync("s2", journal, first.Remoting);
        var (here, there) = (new Kubectl(first, "default"), new Kubectl(second, "default"));
        await here.RunAsync("create", "serviceaccount", "bot");
        // The key is made by the singleton, in one process, and each signs and checks with the same.
        var tokens = ((await here.RunAsync("create", "token", "bot")).Trim(), (await there.RunAsync("create", "token", "bot")).Trim());
        Assert.Equal("system:serviceaccount:default:bot", await WhoAsync(there, tokens.Item1));
        Assert.Equal("system:serviceaccount:default:bot", await WhoAsync(here, tokens.Item2));

        await first.KillAsync();
        Assert.Equal("system:serviceaccount:default:bot", await WhoAsync(there, tokens.Item1));
    }

    private async Task<string> WhoAsync(Kubectl kubectl, string token)
    {
        var raw = JsonNode.Parse(await kubectl.RunAsync("config", "view", "--raw", "-o", "json"))!;
        raw["users"]![0]!["user"] = new JsonObject { ["token"] = token };
        var file = Path.Combine(_folder, $"{Guid.NewGuid():n}.kubeconfig");
        await File.WriteAllTextAsync(file, raw.ToJsonString());
        var patience = Stopwatch.StartNew();
        while (true)
        {
            var who = await Command.RunAsync("kubectl", ["--kubeconfig", file, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
            // While registries move after a death, a request may have to be made again.
            if (who.ExitCode == 0 || who.Error.Contains("Unauthorized", StringComparison.Ordinal) || patience.Elapsed > TimeSpan.FromSeconds(60)) return who.Succeeded();
        }
    }

    private async Task KilledSeedLosesNothingAsync(string journal)
    {
        var first = await SeedAsync("s1", journal);
        var second = await SeedAsync("s2", journal, first.Remoting);
        var third = await SeedAsync("s3", journal, first.Remoting);
        OrchestratorProcess[] nodes = [await NodeAsync("n1", first, second), await NodeAsync("n2", first, second)];
        var kubectl = new Kubectl(second, "default");
        await kubectl.RunAsync("wait", "--for=condition=Ready", "node/n1", "node/n2", "--timeout=60s");

        // The first seed is the oldest member, so it holds the singletons and, having been alone, the registries.
        var gap = await CreateDuringAsync(kubectl, "killed", first.KillAsync);
        output.WriteLine($"seed killed: nothing acknowledged for {gap.TotalSeconds:0.0} s");
        Assert.InRange(gap, TimeSpan.Zero, GapMax);

        // It comes back with the same folder and no word about whom to join, and serves what the others do.
        first = await SeedAsync("s1", journal);
        var members = new Kubectl(first, "default");
        Assert.Equal(await PodsAsync(kubectl), await PodsAsync(members));

        // A seed that leaves hands over; its clients' requests through others do not fail.
        gap = await CreateDuringAsync(members, "left", async () => Assert.Equal(0, await second.TerminateAsync()));
        output.WriteLine($"seed left: nothing acknowledged for {gap.TotalSeconds:0.0} s");
        Assert.InRange(gap, TimeSpan.Zero, GapMax);

        // A node's process dies: the node is NotReady long before its lease runs out, and Ready again when it is back.
        var watch = Stopwatch.StartNew();
        await nodes[0].KillAsync();
        await members.RunAsync("wait", "--for=condition=Ready=Unknown", "node/n1", "--timeout=30s");
        output.WriteLine($"node killed: NotReady after {watch.Elapsed.TotalSeconds:0.0} s");
        await NodeAsync("n1", first, third);
        await members.RunAsync("wait", "--for=condition=Ready", "node/n1", "--timeout=60s");
    }

    /// <summary>Creates pods one after the other while something happens; returns the longest time between two acknowledgements.</summary>
    private static async Task<TimeSpan> CreateDuringAsync(Kubectl kubectl, string prefix, Func<Task> happening)
    {
        var started = Task.CompletedTask;
        var acknowledged = new List<string>();
        var gap = TimeSpan.Zero;
        var last = Stopwatch.StartNew();
        for (var n = 0; n < Creates; n++)
        {
            if (n == KillBefore) started = happening();
            var name = $"{prefix}-{n}";
            while (true)
            {
                var result = await kubectl.TryAsync("run", name, "--image=busybox", "--restart=Never");
                // After a lost answer the create may have happened: the second try then says so.
                if (result.ExitCode == 0 || result.Error.Contains("AlreadyExists", StringComparison.Ordinal)) break;
            }
            acknowledged.Add(name);
            if (last.Elapsed > gap) gap = last.Elapsed;
            last.Restart();
        }
        await started;

        // Everything acknowledged is there once, and gets scheduled and run by those who are left.
        await kubectl.RunAsync(["wait", "--for=jsonpath={.status.phase}=Running", "--timeout=60s", .. acknowledged.Select(name => $"pod/{name}")]);
        var pods = (await PodsAsync(kubectl)).Where(p => p.StartsWith(prefix, StringComparison.Ordinal)).Select(p => p.Split(' ')[0]).ToList();
        Assert.Equal(acknowledged.Order(), pods.Order());
        return gap;
    }

    /// <summary>The names, uids and nodes of all pods.</summary>
    private static async Task<string[]> PodsAsync(Kubectl kubectl) =>
        (await kubectl.RunAsync("get", "pods", "-o", "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.spec.nodeName}{\"\\n\"}{end}"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<OrchestratorProcess> NodeAsync(string name, params OrchestratorProcess[] seeds)
    {
        var node = await OrchestratorProcess.StartAsync("node", "--name", name, "--data", Path.Combine(_folder, name), "--remoting", "127.0.0.1:0",
            "--runtime", "hollow", "--join", string.Join(',', seeds.Select(s => s.Remoting)));
        _processes.Add(node);
        return node;
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
