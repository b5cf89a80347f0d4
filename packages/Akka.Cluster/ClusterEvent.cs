using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>What subscribers are told of the membership.</summary>
public partial class ClusterEvent
{
    /// <summary>The subscriber first gets one <see cref="CurrentClusterState"/>.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsSnapshot = SubscriptionInitialStateMode.InitialStateAsSnapshot;

    /// <summary>The subscriber first gets the events that would have led to the present state.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsEvents = SubscriptionInitialStateMode.InitialStateAsEvents;

    /// <summary>In which form a new subscriber gets the present state.</summary>
    public enum SubscriptionInitialStateMode
    {
        InitialStateAsSnapshot = 0,
        InitialStateAsEvents = 1,
    }

    /// <summary>Marks everything that can be subscribed to.</summary>
    public interface IClusterDomainEvent : IDeadLetterSuppression
    {
    }

    /// <summary>A member has reached another stage of its life.</summary>
    public interface IMemberEvent : IClusterDomainEvent
    {
        Member Member { get; }
    }

    /// <summary>A member can no longer, or again, be reached.</summary>
    public interface IReachabilityEvent : IClusterDomainEvent
    {
    }

    /// <summary>The membership at one moment.</summary>
    public sealed class CurrentClusterState : INoSerializationVerificationNeeded
    {
        private readonly ImmutableDictionary<string, Address?> _roleLeaders;

        internal CurrentClusterState(ImmutableSortedSet<Member> members, ImmutableHashSet<Member> unreachable,
            ImmutableHashSet<Address> seenBy, Address? leader, ImmutableDictionary<string, Address?> roleLeaders)
        {
            Members = members;
            Unreachable = unreachable;
            SeenBy = seenBy;
            Leader = leader;
            _roleLeaders = roleLeaders;
        }

        internal static CurrentClusterState Empty { get; } = new(ImmutableSortedSet<Member>.Empty,
            ImmutableHashSet<Member>.Empty, ImmutableHashSet<Address>.Empty, null, ImmutableDictionary<string, Address?>.Empty);

        /// <summary>All members, in the order of their addresses.</summary>
        public ImmutableSortedSet<Member> Members { get; }

        /// <summary>Members that somebody cannot reach.</summary>
        public ImmutableHashSet<Member> Unreachable { get; }

        /// <summary>Members that have seen this state.</summary>
        public ImmutableHashSet<Address> SeenBy { get; }

        /// <summary>The member that moves others through their lives; null while there is none.</summary>
        public Address? Leader { get; }

        /// <summary>Every role that some member has.</summary>
        public ImmutableHashSet<string> AllRoles => _roleLeaders.Keys.ToImmutableHashSet();

        /// <summary>The leader among the members with the role.</summary>
        public Address? RoleLeader(string role) => _roleLeaders.GetValueOrDefault(role);
    }

    /// <summary>A member has reached another stage of its life.</summary>
    public abstract class MemberStatusChange : IMemberEvent, IEquatable<MemberStatusChange>
    {
        private protected MemberStatusChange(Member member, MemberStatus expected)
        {
            ArgumentNullException.ThrowIfNull(member);
            if (member.Status != expected)
                throw new ArgumentException($"Expected {expected}, got {member}.", nameof(member));
            Member = member;
        }

        public Member Member { get; }

        /// <inheritdoc />
        public bool Equals(MemberStatusChange? other) =>
            other is not null && GetType() == other.GetType() && Member.Equals(other.Member) && Member.Status == other.Member.Status;

        /// <inheritdoc />
        public override bool Equals(object? obj) => Equals(obj as MemberStatusChange);

        /// <inheritdoc />
        public override int GetHashCode() => HashCode.Combine(GetType(), Member);

        /// <inheritdoc />
        public override string ToString() => $"{GetType().Name}({Member})";
    }

    public sealed class MemberJoined(Member member) : MemberStatusChange(member, MemberStatus.Joining);

    public sealed class MemberWeaklyUp(Member member) : MemberStatusChange(member, MemberStatus.WeaklyUp);

    public sealed class MemberUp(Member member) : MemberStatusChange(member, MemberStatus.Up);

    public sealed class MemberLeft(Member member) : MemberStatusChange(member, MemberStatus.Leaving);

    public sealed class MemberExited(Member member) : MemberStatusChange(member, MemberStatus.Exiting);

    public sealed class MemberDowned(Member member) : MemberStatusChange(member, MemberStatus.Down);

    /// <summary>The member is gone for good; it was in the given stage when it went.</summary>
    public sealed class MemberRemoved(Member member, MemberStatus previousStatus) : MemberStatusChange(member, MemberStatus.Removed)
    {
        public MemberStatus PreviousStatus { get; } = previousStatus;
    }

    /// <summary>Another member leads; null while none does.</summary>
    public sealed class LeaderChanged(Address? leader) : IClusterDomainEvent
    {
        public Address? Leader { get; } = leader;

        /// <inheritdoc />
        public override string ToString() => $"LeaderChanged({Leader})";
    }

    /// <summary>Another member leads those with the role; null while none does.</summary>
    public sealed class RoleLeaderChanged(string role, Address? leader) : IClusterDomainEvent
    {
        public string Role { get; } = role;

        public Address? Leader { get; } = leader;

        /// <inheritdoc />
        public override string ToString() => $"RoleLeaderChanged({Role}, {Leader})";
    }

    /// <summary>This member leaves the cluster and tells nothing more.</summary>
    public sealed class ClusterShuttingDown : IClusterDomainEvent
    {
        public static readonly IClusterDomainEvent Instance = new ClusterShuttingDown();

        private ClusterShuttingDown()
        {
        }
    }

    public abstract class ReachabilityEvent : IReachabilityEvent
    {
        protected ReachabilityEvent(Member member)
        {
            Member = member;
        }

        public Member Member { get; }

        /// <inheritdoc />
        public override bool Equals(object? obj) =>
            obj is ReachabilityEvent other && GetType() == other.GetType() && Member.Equals(other.Member);

        /// <inheritdoc />
        public override int GetHashCode() => HashCode.Combine(GetType(), Member);

        /// <inheritdoc />
        public override string ToString() => $"{GetType().Name}({Member})";
    }

    /// <summary>Some member cannot reach this one any more.</summary>
    public sealed class UnreachableMember(Member member) : ReachabilityEvent(member);

    /// <summary>All members can reach this one again.</summary>
    public sealed class ReachableMember(Member member) : ReachabilityEvent(member);

    /// <summary>The members that have seen the present state have changed. Only for inner use.</summary>
    internal sealed class SeenChanged(bool convergence, ImmutableHashSet<Address> seenBy) : IClusterDomainEvent
    {
        public bool Convergence { get; } = convergence;

        public ImmutableHashSet<Address> SeenBy { get; } = seenBy;
    }

    /// <summary>The observations have changed. Only for inner use.</summary>
    internal sealed class ReachabilityChanged(Reachability reachability) : IClusterDomainEvent
    {
        public Reachability Reachability { get; } = reachability;
    }
}
