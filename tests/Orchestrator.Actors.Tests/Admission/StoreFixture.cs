using System.Globalization;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>A store over in-memory registries, with a clock and identities that the test controls.</summary>
internal sealed class StoreFixture
{
    public StoreFixture()
    {
        // Plugins of its own: what they remember is of these registries.
        Store = new ResourceStore(Registries, () => SchemaCatalog.BuiltIn, Clock, Identities, AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices()));
    }

    public InMemoryRegistries Registries { get; } = new();
    public FixedClock Clock { get; } = new();
    public CountingIdentities Identities { get; } = new();
    public ResourceStore Store { get; }

    public static async Task<StoreFixture> WithNamespaceAsync(string name = "default")
    {
        var fixture = new StoreFixture();
        var made = await fixture.CreateAsync(ResourceTypes.Namespaces, "", $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        Assert.Null(made.Error);
        return fixture;
    }

    public Task<StoreResult> CreateAsync(ResourceType type, string ns, string json, WriteOptions? options = null)
    {
        var schema = Store.SchemaOf(type);
        var decoded = ObjectDecoder.DecodeNew(schema, Encoding.UTF8.GetBytes(json), FieldValidation.Strict);
        return decoded.Tree is null
            ? Task.FromResult(StoreResult.Refused(decoded.Error!))
            : Store.CreateAsync(schema, ns, decoded.Tree, options);
    }

    public async Task<StoredObject> PodAsync(string name, string ns = "default", string spec = "", string meta = "")
    {
        var made = await CreateAsync(ResourceTypes.Pods, ns,
            $$$"""{"metadata":{"name":"{{{name}}}"{{{meta}}}},"spec":{"containers":[{"name":"c","image":"i"}]{{{spec}}}}}""");
        Assert.Null(made.Error);
        return made.Object!;
    }

    public async Task<StoredObject> BindAsync(string pod, string node)
    {
        var bound = await Store.BindManyAsync([(new ObjectKey("default", pod), node, null)]);
        Assert.Null(bound[0].Error);
        return bound[0].Object!;
    }

    internal sealed class FixedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture);
        public override DateTimeOffset GetUtcNow() => Now;
    }

    internal sealed class CountingIdentities : IIdentitySource
    {
        private int _uids, _names;

        /// <summary>How often one generated name is given out before the next.</summary>
        public int RepeatNames { get; set; } = 1;

        public string NewUid() => $"00000000-0000-4000-8000-{Interlocked.Increment(ref _uids):x12}";
        public string NewName(string prefix) => $"{prefix}{(Interlocked.Increment(ref _names) - 1) / RepeatNames:d5}";
    }
}
