using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

/// <summary>What the parts of one member tell each other; never leaves the process.</summary>
internal abstract class DaemonCommand : INoSerializationVerificationNeeded
{
    /// <summary>Join the cluster of that address.</summary>
    public sealed class JoinTo(Address address) : DaemonCommand
    {
        public Address Address { get; } = address;
    }

    public sealed class JoinSeedNodes(ImmutableArray<Address> seedNodes) : DaemonCommand
    {
        public ImmutableArray<Address> SeedNodes { get; } = seedNodes;
    }

    public sealed class AddOnMemberUp(Action callback) : DaemonCommand
    {
        public Action Callback { get; } = callback;
    }

    /// <summary>Leave; answered with Done when this member is exiting.</summary>
    public sealed class LeaveAndWait : DaemonCommand
    {
        public static readonly LeaveAndWait Instance = new();
    }

    /// <summary>What had to be done while exiting is done; answered with Done.</summary>
    public sealed class ExitingCompleted : DaemonCommand
    {
        public static readonly ExitingCompleted Instance = new();
    }

    /// <summary>The seed nodes have not answered; another attempt is due.</summary>
    public sealed class JoinSeedNode : DaemonCommand
    {
        public static readonly JoinSeedNode Instance = new();
    }

    public sealed class GossipTick : DaemonCommand
    {
        public static readonly GossipTick Instance = new();
    }

    public sealed class GossipSpeedupTick : DaemonCommand
    {
        public static readonly GossipSpeedupTick Instance = new();
    }

    public sealed class LeaderActionsTick : DaemonCommand
    {
        public static readonly LeaderActionsTick Instance = new();
    }

    public sealed class ReapUnreachableTick : DaemonCommand
    {
        public static readonly ReapUnreachableTick Instance = new();
    }

    /// <summary>Tell subscribers what has changed up to this state.</summary>
    public sealed class PublishChanges(MembershipState state) : DaemonCommand
    {
        public MembershipState State { get; } = state;
    }
}

/// <summary>What the publisher of events is asked for.</summary>
internal abstract class SubscriptionCommand : INoSerializationVerificationNeeded
{
    public sealed class Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode mode, ImmutableHashSet<Type> to)
        : SubscriptionCommand
    {
        public IActorRef Subscriber { get; } = subscriber;

        public ClusterEvent.SubscriptionInitialStateMode Mode { get; } = mode;

        public ImmutableHashSet<Type> To { get; } = to;
    }

    public sealed class Unsubscribe(IActorRef subscriber, Type? to) : SubscriptionCommand
    {
        public IActorRef Subscriber { get; } = subscriber;

        public Type? To { get; } = to;
    }

    public sealed class SendCurrentState(IActorRef receiver) : SubscriptionCommand
    {
        public IActorRef Receiver { get; } = receiver;
    }
}
