using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class ObjectIndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Builder_RandomChanges_EqualsASortedMap(int seed)
    {
        var random = new DeterministicRandom(seed);
        var expected = new SortedDictionary<ObjectKey, long>();
        var index = ObjectIndex.Empty;
        for (var revision = 1; revision <= 300; revision++)
        {
            var builder = index.ToBuilder();
            for (var change = random.Next(40); change >= 0; change--)
            {
                var key = TestObjects.Key($"o{random.Next(2000):0000}", $"ns{random.Next(3)}");
                if (random.Next(3) == 0)
                {
                    Assert.Equal(expected.Remove(key), builder.Remove(key) is not null);
                    continue;
                }
                var previous = builder.Set(new StoredObject(key, revision, ReadOnlyMemory<byte>.Empty));
                Assert.Equal(expected.TryGetValue(key, out var was) ? was : null, previous?.Revision);
                expected[key] = revision;
            }
            index = builder.Build(revision);
            Assert.Equal(expected.Count, index.Count);
        }

        Assert.Equal(expected, index.EnumerateFrom().Select(o => KeyValuePair.Create(o.Key, o.Revision)));
        foreach (var ns in (string[])["", "ns0", "ns1", "ns2", "other"])
        {
            var after = TestObjects.Key($"o{random.Next(2000):0000}", ns.Length > 0 ? ns : "ns1");
            var behind = expected.Keys.Count(k => (ns.Length == 0 || k.Namespace == ns) && k.CompareTo(after) > 0);
            Assert.Equal(behind, index.CountBehind(ns, after));
        }
        foreach (var key in expected.Keys.Append(TestObjects.Key("absent")))
        {
            Assert.Equal(expected.ContainsKey(key), index.Get(key) is not null);
            Assert.Equal(expected.Keys.Where(k => k.CompareTo(key) > 0).Take(3), index.EnumerateFrom(key).Take(3).Select(o => o.Key));
        }
    }

    [Fact]
    public void Builder_ChangesAfterASnapshot_LeaveTheSnapshotAlone()
    {
        var before = ObjectIndex.From([TestObjects.Stored("a", 1), TestObjects.Stored("b", 2)], 2);

        var builder = before.ToBuilder();
        builder.Set(TestObjects.Stored("a", 3));
        builder.Remove(TestObjects.Key("b"));
        var after = builder.Build(4);

        Assert.Equal(1, before.Get(TestObjects.Key("a"))!.Revision);
        Assert.NotNull(before.Get(TestObjects.Key("b")));
        Assert.Equal(3, after.Get(TestObjects.Key("a"))!.Revision);
        Assert.Null(after.Get(TestObjects.Key("b")));
    }

    [Fact]
    public void InNamespace_NeighbouringNames_GivesThatNamespaceOnly()
    {
        var index = ObjectIndex.From(
            [TestObjects.Stored("x", 1, "a"), TestObjects.Stored("y", 2, "ab"), TestObjects.Stored("z", 3, "ab"), TestObjects.Stored("x", 4, "b")], 4);

        Assert.Equal(["y", "z"], index.InNamespace("ab").Select(o => o.Key.Name));
        Assert.Equal(["z"], index.InNamespace("ab", "y").Select(o => o.Key.Name));
        Assert.Empty(index.InNamespace("aa"));
    }

    [Fact]
    public void From_ManyObjects_FindsEach()
    {
        var index = ObjectIndex.From(Enumerable.Range(0, 10_000).Reverse().Select(i => TestObjects.Stored($"o{i:00000}", i + 1)), 10_000);

        Assert.Equal(10_000, index.Count);
        Assert.All(Enumerable.Range(0, 10_000), i => Assert.Equal(i + 1, index.Get(TestObjects.Key($"o{i:00000}"))!.Revision));
    }
}
