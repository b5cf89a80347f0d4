using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Util;

namespace Packages.Conformance.Cluster;

/// <summary>Members and gossips for tests of the pure parts.</summary>
internal static class ClusterSamples
{
    public static UniqueAddress Node(int number, int uid = 1) => new(new Address("akka.tcp", "sys", "host", 1000 + number), uid);

    public static Member Member(int number, MemberStatus status = MemberStatus.Up, int? upNumber = null, params string[] roles) =>
        new(Node(number), upNumber ?? (status == MemberStatus.Joining ? int.MaxValue : number), status, [.. roles], AppVersion.Zero);

    public static ImmutableSortedSet<Member> Members(int count) => [.. Enumerable.Range(1, count).Select(n => Member(n))];

    public static Gossip Gossip(params Member[] members)
    {
        var gossip = Akka.Cluster.Gossip.Empty.Update(members);
        return members.Aggregate(gossip, (g, m) => g.Increment(m.UniqueAddress)).OnlySeen(members[0].UniqueAddress);
    }
}
