using System.Collections.Concurrent;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>Two processes that both take themselves for the owner of one log, as a partition leaves them until one is removed.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit disposes of it by IAsyncLifetime")]
public sealed class TwoOwnersTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-owners").FullName;
    private OwnerProcess _old = null!;
    private OwnerProcess _fresh = null!;

    private string Journal => Path.Combine(_folder, "journal.db");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_old.DisposeAsync().AsTask(), _fresh.DisposeAsync().AsTask());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Read_AtTheStaleOwner_CoversWhatTheOtherAcknowledged()
    {
        await StartAsync(TestObjects.ConfigMaps);

        for (var n = 0; n < 5; n++)
        {
            var written = await _fresh.WriteAsync(TestObjects.Create($"fresh-{n}"));
            Assert.Equal(written.Object!.Revision, await _old.ReadAsync());
            written = await _old.WriteAsync(TestObjects.Create($"old-{n}"));
            Assert.Equal(written.Object!.Revision, await _fresh.ReadAsync());
        }
    }

    [Fact]
    public async Task Refusal_AtTheStaleOwner_RestsOnTheNewestState()
    {
        await StartAsync(TestObjects.ConfigMaps);
        await _fresh.WriteAsync(new RemoveObject(TestObjects.Key("first")));

        // By what the stale owner knows the name is taken.
        Assert.Null((await _old.WriteAsync(TestObjects.Create("first"))).Error);
        Assert.Equal("AlreadyExists", (await _fresh.WriteAsync(TestObjects.Create("first", uid: "u2"))).Error?.Reason);
    }

    [Fact]
    public async Task Lease_TakenAtOneOwner_IsNotRenewedAtTheOther()
    {
        await StartAsync(ResourceTypes.Leases);
        var held = (await _old.WriteAsync(Held("first", "a", 1))).Object!;
        var taken = await _fresh.WriteAsync(Held("first", "b", 2));
        Assert.Null(taken.Error);

        // The holder of before renews against the version that it got; the owner of before would have let it.
        var renewed = await _old.WriteAsync(Held("first", "a", 3, held.Revision));

        Assert.Equal("Conflict", renewed.Error?.Reason);
    }

    [Fact]
    public async Task Lease_WhoseHolderChanged_IsJournaled_AndARenewalIsNot()
    {
        await StartAsync(ResourceTypes.Leases);
        await _old.WriteAsync(Held("first", "a", 1));
        Assert.Null((await _old.WriteAsync(Held("first", "a", 2))).Error);
        await _old.DisposeAsync();

        // Another process recovers the holder with the renewal that came with it; taking the lease needs that version.
        var again = await _fresh.WriteAsync(Held("first", "a", 1));

        Assert.Equal("a", (string?)again.Object!.ToTree()["spec"]!["holderIdentity"]);
        Assert.Equal("AlreadyExists", (await _fresh.WriteAsync(TestObjects.Create("first", uid: "u2"))).Error?.Reason);
    }

    [Fact]
    public async Task ReadsAndWrites_OfBothAtOnce_AreLinearizable()
    {
        await StartAsync(TestObjects.ConfigMaps);
        const int Writes = 25;
        long acknowledged = 0;
        var revisions = new ConcurrentBag<long>();
        var writing = new[] { (_old, "old"), (_fresh, "fresh") }.Select(async owner =>
        {
            for (var n = 0; n < Writes; n++)
            {
                var name = $"{owner.Item2}-{n}";
                var o = (await owner.Item1.WriteAsync(TestObjects.Create(name, uid: name)).ConfigureAwait(false)).Object!;
                revisions.Add(o.Revision);
                for (var seen = Interlocked.Read(ref acknowledged); o.Revision > seen; seen = Interlocked.Read(ref acknowledged))
                    Interlocked.CompareExchange(ref acknowledged, o.Revision, seen);
            }
        }).ToArray();
        var written = Task.WhenAll(writing);
        var reading = new[] { _old, _fresh }.Select(async owner =>
        {
            do
            {
                var before = Interlocked.Read(ref acknowledged);
                var read = await owner.ReadAsync().ConfigureAwait(false);
                Assert.True(read >= before, $"a read saw version {read} after version {before} was acknowledged");
            }
            while (!written.IsCompleted);
        });

        await Task.WhenAll(reading);
        await written;

        Assert.Equal(2 * Writes, revisions.Distinct().Count());
        Assert.Equal(await _old.ReadAsync(), await _fresh.ReadAsync());
    }

    private static ReplaceObject Held(string name, string holder, int renewal, long? ifRevision = null)
    {
        var tree = new StoredObject(TestObjects.Key(name), 0, TestObjects.Json(TestObjects.Key(name)).WithRevision(0)).ToTree();
        tree["spec"] = new JsonObject { ["holderIdentity"] = holder, ["renewTime"] = $"2026-01-01T00:00:{renewal:00}.000000Z" };
        tree["metadata"]!.AsObject().Remove("resourceVersion");
        return new ReplaceObject(TestObjects.Key(name), UncommittedJson.From(tree), IfRevision: ifRevision);
    }

    /// <summary>Both have recovered the same state, in which one object is.</summary>
    private async Task StartAsync(ResourceType type)
    {
        _old = new OwnerProcess("old", Journal, type);
        await _old.WriteAsync(TestObjects.Create("first"));
        _fresh = new OwnerProcess("fresh", Journal, type);
        await _fresh.ReadAsync();
    }
}
