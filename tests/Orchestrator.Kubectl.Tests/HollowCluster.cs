namespace Orchestrator.Kubectl.Tests;

/// <summary>One <c>up</c> with simulated containers, shared by the tests of a class; each test takes a namespace of its own.</summary>
public sealed class HollowCluster : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-kubectl").FullName;
    private int _namespaces;

    public OrchestratorProcess Up { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        Up = await OrchestratorProcess.StartAsync(
            "up", "--data", _folder, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "hollow", "--node-name", "node-1");
    }

    public async Task DisposeAsync()
    {
        if (Up is not null) await Up.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public async Task<Kubectl> NewNamespaceAsync()
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        (await Up.KubectlAsync("create", "namespace", name)).Succeeded();
        return new Kubectl(Up, name);
    }
}

/// <summary>kubectl in one namespace.</summary>
public sealed class Kubectl(OrchestratorProcess up, string ns)
{
    public string Namespace { get; } = ns;

    public Task<CommandResult> TryAsync(params string[] arguments) => up.KubectlAsync(["-n", Namespace, .. arguments]);

    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).Succeeded();

    public Task<CommandResult> TryApplyAsync(string manifest) => up.KubectlAsync(manifest, ["-n", Namespace, "apply", "-f", "-"]);

    public async Task<string> ApplyAsync(string manifest) => (await TryApplyAsync(manifest)).Succeeded();

    /// <summary>One field of one object, by JSONPath.</summary>
    public Task<string> FieldAsync(string kind, string name, string path) => RunAsync("get", kind, name, "-o", $"jsonpath={{{path}}}");
}
