using System.Text;
using System.Text.Json;
using Akka.Actor;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Registry;

namespace Orchestrator.Actors.Tests.Kinds.ResourceQuotas;

/// <summary>The counter of quotas on real registries: what is there, what was charged, and what becomes of charges for nothing.</summary>
public sealed class ResourceQuotaActorTests : RegistryRegionKit
{
    private static readonly ObjectKey Key = new("d", "quota");

    private readonly SteppedClock _clock = new();
    private readonly ResourceStore _store;

    public ResourceQuotaActorTests() => _store = new ResourceStore(Registries, () => SchemaCatalog.BuiltIn, _clock);

    [Fact]
    public async Task Quota_ThatIsNew_IsCounted()
    {
        await MapAsync("a");
        await MapAsync("b");
        await StartAsync();
        await UsedAsync(2);

        await MapAsync("c");
        await UsedAsync(3);
        await _store.DeleteAsync(_store.SchemaOf(ResourceTypes.ConfigMaps), new ObjectKey("d", "a"));
        await UsedAsync(2);
    }

    [Fact]
    public async Task Charge_WhoseObjectNeverComes_IsTakenBackWhenItCannotComeAnyMore()
    {
        await MapAsync("a");
        await StartAsync();
        await UsedAsync(1);
        await ChargeAsync(5);

        // Deletions make it count; what is in flight explains more than there is.
        await MapAsync("b");
        await _store.DeleteAsync(_store.SchemaOf(ResourceTypes.ConfigMaps), new ObjectKey("d", "b"));
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.True(await UsedAsync() >= 4);

        _clock.Advance(QuotaCharges.InFlight);
        await UsedAsync(1);
    }

    [Fact]
    public async Task Quota_ThatChanges_IsCountedAtOnce()
    {
        await MapAsync("a");
        await StartAsync();
        await UsedAsync(1);
        var schema = _store.SchemaOf(ResourceTypes.ResourceQuotas);
        var changed = await _store.PatchAsync(schema, Key, static tree =>
        {
            tree["spec"]!["hard"]!["count/secrets"] = "4";
            return (tree, null);
        });
        Assert.Null(changed.Error);
        await AwaitAssertAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            var quota = ResourceQuotaView.Of((await Registries.ConsistentAsync(ResourceTypes.ResourceQuotas)).Get(Key)!);
            Assert.Equal(["count/configmaps", "count/secrets"], quota.Used.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(2, quota.Hard.Count);
        }, Patience);
    }

    private async Task StartAsync()
    {
        await CreateAsync(ResourceTypes.ResourceQuotas, new StoredObject(Key, 1, """
            {"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"quota","namespace":"d","uid":"q"},"spec":{"hard":{"count/configmaps":"9"}}}
            """u8.ToArray()));
        Sys.ActorOf(ResourceQuotaActor.Props(Registries, _store, _clock));
    }

    private Task MapAsync(string name) => CreateAsync(ResourceTypes.ConfigMaps, new StoredObject(new ObjectKey("d", name), 1,
        Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"d","uid":"{{{name}}}"}}""")));

    // As admission does.
    private async Task ChargeAsync(long used)
    {
        for (var i = 0; ; i++)
        {
            var quota = ResourceQuotaView.Of((await Registries.ConsistentAsync(ResourceTypes.ResourceQuotas)).Get(Key)!);
            var status = QuotaCheck.Status(quota.SpecHard, quota.Used.SetItem("count/configmaps", Quantity.FromUnits(used)));
            var result = await _store.UpdateStatusAsync(ResourceTypes.ResourceQuotas,
                new StatusUpdate(Key, JsonSerializer.SerializeToUtf8Bytes(status), quota.Source.Meta.Uid, quota.Source.Revision));
            if (result.Error is null) return;
            Assert.True(i < 10, result.Error.Message);
        }
    }

    private async Task<long> UsedAsync() =>
        ResourceQuotaView.Of((await Registries.ConsistentAsync(ResourceTypes.ResourceQuotas)).Get(Key)!).Used.GetValueOrDefault("count/configmaps").Units;

    private Task UsedAsync(long used) => AwaitAssertAsync(async () =>
    {
        _clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(used, await UsedAsync());
    }, Patience);

    private sealed class SteppedClock : TimeProvider
    {
        private long _ticks = DateTimeOffset.UnixEpoch.AddYears(60).Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
