using Akka.Cluster;
using Akka.Cluster.Serialization;
using Akka.Remote.Serialization;
using static Packages.Conformance.Cluster.ClusterSamples;

namespace Packages.Conformance.Cluster;

public sealed class ClusterSerializationTests
{
    private static readonly ClusterMessageSerializer Serializer = new(null!);

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    public void Gossip_RoundTrips(int count)
    {
        var gossip = Sample(count);
        var back = RoundTrip(new GossipEnvelope(Node(1), Node(2), gossip)).Gossip;
        Assert.Equal(gossip.Members.Select(Describe), back.Members.Select(Describe));
        Assert.Equal(gossip.Seen.Order(), back.Seen.Order());
        Assert.Equal(gossip.Reachability.Records, back.Reachability.Records);
        Assert.Equal(gossip.Version.Digest, back.Version.Digest);
        Assert.Equal(gossip.Tombstones.OrderBy(t => t.Key), back.Tombstones.OrderBy(t => t.Key));
        Assert.Equal(gossip.SeenDigest, back.SeenDigest);
    }

    [Fact]
    public void Gossip_OfAThousandMembers_FitsIntoAFrame()
    {
        var bytes = Serializer.ToBinary(new GossipEnvelope(Node(1), Node(2), Sample(1000)));
        Assert.InRange(bytes.Length, 1, 100_000);
    }

    [Fact]
    public void Status_InAgreement_DoesNotGrowWithTheMembers()
    {
        var gossip = Sample(1000);
        var bytes = Serializer.ToBinary(new GossipStatus(Node(1), gossip.Version.Digest, gossip.SeenDigest, null));
        Assert.InRange(bytes.Length, 1, 100);
        var full = RoundTrip(new GossipStatus(Node(1), gossip.Version.Digest, gossip.SeenDigest, gossip.Version));
        Assert.Equal(Ordering.Same, full.Version!.CompareTo(gossip.Version));
    }

    [Fact]
    public void Messages_RoundTrip()
    {
        var join = RoundTrip(new Join(Node(1), ["a", "b"], Akka.Util.AppVersion.Create("1.2.3")));
        Assert.Equal((Node(1), "1.2.3"), (join.Node, join.AppVersion.Version));
        Assert.True(join.Roles.SetEquals(["a", "b"]));
        object[] messages =
        [
            new InitJoin(), new InitJoinAck(Node(1).Address), new InitJoinNack(Node(1).Address), new LeaveMessage(Node(1).Address),
            new DownMessage(Node(1).Address), new ExitingConfirmed(Node(1)), new Heartbeat(Node(1), 7), new HeartbeatRsp(Node(1), 7),
        ];
        foreach (var message in messages)
            Assert.Equal(message, Serializer.FromBinary(Serializer.ToBinary(message), Serializer.Manifest(message)));
    }

    [Fact]
    public void Bytes_ThatAreDamaged_AreRefusedAndNothingElse()
    {
        var whole = Serializer.ToBinary(new GossipEnvelope(Node(1), Node(2), Sample(3)));
        var random = new Random(7);
        for (var round = 0; round < 3000; round++)
        {
            var damaged = whole.ToArray();
            for (var i = 0; i < 3; i++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var cut = damaged[..random.Next(damaged.Length)];
            foreach (var bytes in (byte[][])[damaged, cut])
            {
                try
                {
                    Serializer.FromBinary(bytes, "GE");
                }
                catch (System.Runtime.Serialization.SerializationException)
                {
                    // As it should be.
                }
            }
        }
    }

    [Fact]
    public void Manifest_Unknown_IsRefused() =>
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => Serializer.FromBinary([], "System.Diagnostics.Process"));

    private static Gossip Sample(int count)
    {
        var gossip = Gossip([.. Enumerable.Range(1, count).Select(n => Member(n, n % 7 == 0 ? MemberStatus.Joining : MemberStatus.Up, roles: ["node"]))]);
        for (var n = 1; n <= count; n += 2)
            gossip = gossip.MarkSeen(Node(n));
        return gossip.Remove(Node(count), 12345)
            .WithReachability(Reachability.Empty.Unreachable(Node(1), Node(2)).Terminated(Node(2), Node(1)));
    }

    private static string Describe(Member member) =>
        $"{member.UniqueAddress} {member.Status} {member.UpNumber} {string.Join(",", member.Roles)} {member.AppVersion}";

    private static T RoundTrip<T>(T message) => (T)Serializer.FromBinary(Serializer.ToBinary(message!), Serializer.Manifest(message!));
}
