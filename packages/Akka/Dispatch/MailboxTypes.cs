using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.MessageQueues;

namespace Akka.Dispatch
{
    /// <summary>Says which queue a mailbox type makes.</summary>
    public interface IProducesMessageQueue<T> where T : IMessageQueue;

    /// <summary>Makes the queues of mailboxes.</summary>
    public abstract class MailboxType(Settings settings, Config config)
    {
        protected Settings Settings => settings;
        protected Config Config => config;

        public abstract IMessageQueue Create(IActorRef owner, ActorSystem system);
    }

    public sealed class UnboundedMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<UnboundedMessageQueue>
    {
        public UnboundedMailbox() : this(null, null) { }

        public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedMessageQueue();
    }

    public sealed class UnboundedDequeBasedMailbox(Settings settings, Config config)
        : MailboxType(settings, config), IProducesMessageQueue<UnboundedDequeMessageQueue>
    {
        public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedDequeMessageQueue();
    }

    public class BoundedMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<BoundedMessageQueue>
    {
        public int Capacity { get; } = config.GetInt("mailbox-capacity") is > 0 and var c ? c
            : throw new ConfigurationException("mailbox-capacity of a bounded mailbox must be positive");

        public TimeSpan PushTimeout { get; } = config.GetTimeSpan("mailbox-push-timeout-time", TimeSpan.FromSeconds(10));

        public override IMessageQueue Create(IActorRef owner, ActorSystem system) =>
            new BoundedMessageQueue(Capacity, PushTimeout, new DeadLetterQueue(system.DeadLetters));
    }

    public sealed class BoundedDequeBasedMailbox(Settings settings, Config config) : BoundedMailbox(settings, config);

    /// <summary>Base of mailboxes with priorities; a subclass numbers the messages, lower first.</summary>
    public abstract class UnboundedPriorityMailbox(Settings settings, Config config)
        : MailboxType(settings, config), IProducesMessageQueue<UnboundedPriorityMessageQueue>
    {
        protected abstract int PriorityGenerator(object message);

        public sealed override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedPriorityMessageQueue(PriorityGenerator);
    }

    /// <summary>As above; equal priorities keep their order, which the other one does too here.</summary>
    public abstract class UnboundedStablePriorityMailbox(Settings settings, Config config) : UnboundedPriorityMailbox(settings, config);
}

namespace Akka.Event
{
    /// <summary>The queue of a logger.</summary>
    public interface ILoggerMessageQueueSemantics : Dispatch.ISemantics;

    /// <summary>The mailbox of a logger.</summary>
    public sealed class LoggerMailboxType(Settings settings, Config config) : Dispatch.MailboxType(settings, config)
    {
        public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedMessageQueue();
    }
}
