using Akka.MultiNode.TestAdapter;
using Orchestrator.Actors.Registry;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>Three members form a cluster, and what any of them writes reaches the informers of all, in one order.</summary>
public class FormationSpec : ControlPlaneSpec
{
    private const int WritesOfEach = 50;

    public FormationSpec() : this(new ThreeControlPlanes()) { }

    protected FormationSpec(ThreeControlPlanes config) : base(config, typeof(FormationSpec)) { }

    [MultiNodeFact]
    public async Task WritesOfEveryMember_ReachEveryInformer_InTheOrderOfTheLog()
    {
        await StartAllAsync(First);
        AssertLeader(First, Second, Third);

        var informer = await Registries.InformerAsync(Type);
        for (var n = 0; n < WritesOfEach; n++) Assert.Null((await WriteAsync(Objects.ConfigMap($"{Myself.Name}-{n}"))).Error);

        var seen = await ReadAsync(informer, 1 + WritesOfEach * Roles.Count);
        AssertIncreasing(seen.Select(c => c.Object.Revision));
        Assert.All(seen, c => Assert.Equal(ChangeKind.Added, c.Kind));
        foreach (var role in Roles)
            Assert.Equal(
                Enumerable.Range(0, WritesOfEach).Select(n => $"{role.Name}-{n}"),
                seen.Select(c => c.Object.Key.Name).Where(n => n.StartsWith(role.Name + "-", StringComparison.Ordinal)));
        EnterBarrier("done");
    }

    private static async Task<List<ObjectChange>> ReadAsync(Informer informer, int count)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var cursor = informer.Watch(0);
        var seen = new List<ObjectChange>();
        while (seen.Count < count) seen.AddRange(await cursor.NextAsync(deadline.Token) ?? throw new InvalidDataException("The log has no beginning."));
        return seen;
    }
}
