using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>
/// One member as seen in one state of the gossip. Two members are equal when their unique addresses are, whatever their status.
/// </summary>
public class Member : IComparable<Member>, IComparable, IEquatable<Member>
{
    /// <summary>Orders addresses by host and port (then system and protocol), the same on every member.</summary>
    public static readonly IComparer<Address> AddressOrdering = Comparer<Address>.Create(CompareAddresses);

    /// <summary>Oldest first. The first of the members by this order hosts the singletons.</summary>
    public static readonly IComparer<Member> AgeOrdering = Comparer<Member>.Create(static (a, b) =>
        a.Equals(b) ? 0 : a.IsOlderThan(b) ? -1 : 1);

    /// <summary>Leader candidates first: a healthy member before one that joins, leaves or is down, then by address.</summary>
    internal static readonly IComparer<Member> LeaderStatusOrdering = Comparer<Member>.Create(static (a, b) =>
    {
        var byRank = LeaderRank(a.Status).CompareTo(LeaderRank(b.Status));
        return byRank != 0 ? byRank : a.CompareTo(b);
    });

    private static readonly ImmutableDictionary<MemberStatus, ImmutableHashSet<MemberStatus>> Transitions =
        new Dictionary<MemberStatus, ImmutableHashSet<MemberStatus>>
        {
            [MemberStatus.Joining] =
                [MemberStatus.WeaklyUp, MemberStatus.Up, MemberStatus.Leaving, MemberStatus.Down, MemberStatus.Removed],
            [MemberStatus.WeaklyUp] = [MemberStatus.Up, MemberStatus.Leaving, MemberStatus.Down, MemberStatus.Removed],
            [MemberStatus.Up] = [MemberStatus.Leaving, MemberStatus.Down, MemberStatus.Removed],
            [MemberStatus.Leaving] = [MemberStatus.Exiting, MemberStatus.Down, MemberStatus.Removed],
            [MemberStatus.Exiting] = [MemberStatus.Down, MemberStatus.Removed],
            [MemberStatus.Down] = [MemberStatus.Removed],
            [MemberStatus.Removed] = [],
        }.ToImmutableDictionary();

    internal Member(UniqueAddress uniqueAddress, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion appVersion)
    {
        UniqueAddress = uniqueAddress;
        UpNumber = upNumber;
        Status = status;
        Roles = roles;
        AppVersion = appVersion;
    }

    /// <summary>Address and incarnation.</summary>
    public UniqueAddress UniqueAddress { get; }

    /// <summary>Stage of the member's life.</summary>
    public MemberStatus Status { get; }

    /// <summary>Roles that the member was configured with.</summary>
    public ImmutableHashSet<string> Roles { get; }

    /// <summary>Version of the application that the member runs.</summary>
    public AppVersion AppVersion { get; }

    /// <summary>Address without incarnation.</summary>
    public Address Address => UniqueAddress.Address;

    /// <summary>Running number given by the leader on becoming Up; int.MaxValue before that.</summary>
    internal int UpNumber { get; }

    /// <summary>A member that has just asked to join.</summary>
    internal static Member Create(UniqueAddress uniqueAddress, ImmutableHashSet<string> roles, AppVersion appVersion) =>
        new(uniqueAddress, int.MaxValue, MemberStatus.Joining, roles, appVersion);

    /// <summary>Whether the member has the role.</summary>
    public bool HasRole(string role) => Roles.Contains(role);

    /// <summary>
    /// Whether this member became Up before the other. The up number decides; equal numbers (both not yet up, or moved up
    /// together) are decided by address, so that the order is total and equal on every member.
    /// </summary>
    public bool IsOlderThan(Member other) => UpNumber == other.UpNumber
        ? UniqueAddress.CompareTo(other.UniqueAddress) < 0
        : UpNumber < other.UpNumber;

    /// <summary>The same member with another status.</summary>
    /// <exception cref="InvalidOperationException">The life of a member has no such transition.</exception>
    internal Member Copy(MemberStatus status)
    {
        if (status == Status)
            return this;
        if (!IsAllowedTransition(Status, status))
            throw new InvalidOperationException($"Member {Address} cannot go from {Status} to {status}.");
        return new Member(UniqueAddress, UpNumber, status, Roles, AppVersion);
    }

    /// <summary>The same member as Up with the number that fixes its age.</summary>
    internal Member CopyUp(int upNumber)
    {
        var up = Copy(MemberStatus.Up);
        return new Member(up.UniqueAddress, upNumber, up.Status, up.Roles, up.AppVersion);
    }

    /// <summary>Whether the life of a member knows this transition.</summary>
    internal static bool IsAllowedTransition(MemberStatus from, MemberStatus to) => Transitions[from].Contains(to);

    /// <summary>
    /// Of two views of one member, the one that is further in its life. Both members come to the same result whichever side asks.
    /// </summary>
    internal static Member HighestPriorityOf(Member a, Member b)
    {
        if (a.Status == b.Status)
            return a.IsOlderThan(b) ? a : b;
        return MergeRank(a.Status) >= MergeRank(b.Status) ? a : b;
    }

    private static int MergeRank(MemberStatus status) => status switch
    {
        MemberStatus.Removed => 6,
        MemberStatus.Down => 5,
        MemberStatus.Exiting => 4,
        MemberStatus.Leaving => 3,
        MemberStatus.Up => 2,
        MemberStatus.WeaklyUp => 1,
        _ => 0,
    };

    private static int LeaderRank(MemberStatus status) => status switch
    {
        MemberStatus.Down => 4,
        MemberStatus.Exiting => 3,
        MemberStatus.Joining => 2,
        MemberStatus.WeaklyUp => 1,
        _ => 0,
    };

    private static int CompareAddresses(Address? a, Address? b)
    {
        if (ReferenceEquals(a, b))
            return 0;
        if (a is null || b is null)
            return a is null ? -1 : 1;
        var byHost = string.CompareOrdinal(a.Host ?? "", b.Host ?? "");
        if (byHost != 0)
            return byHost;
        var byPort = (a.Port ?? 0).CompareTo(b.Port ?? 0);
        if (byPort != 0)
            return byPort;
        var bySystem = string.CompareOrdinal(a.System, b.System);
        return bySystem != 0 ? bySystem : string.CompareOrdinal(a.Protocol, b.Protocol);
    }

    /// <summary>Orders by unique address.</summary>
    public int CompareTo(Member? other) => other is null ? 1 : UniqueAddress.CompareTo(other.UniqueAddress);

    /// <inheritdoc />
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Member other => CompareTo(other),
        _ => throw new ArgumentException($"Cannot compare a Member with a {obj.GetType()}.", nameof(obj)),
    };

    /// <inheritdoc />
    public bool Equals(Member? other) => other is not null && UniqueAddress.Equals(other.UniqueAddress);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Member);

    /// <inheritdoc />
    public override int GetHashCode() => UniqueAddress.GetHashCode();

    /// <inheritdoc />
    public override string ToString() =>
        $"Member(address = {Address}, Uid={UniqueAddress.Uid} status = {Status}, role=[{string.Join(",", Roles)}], upNumber={UpNumber}, version={AppVersion})";

    public static bool operator ==(Member? left, Member? right) => Equals(left, right);

    public static bool operator !=(Member? left, Member? right) => !Equals(left, right);
}
