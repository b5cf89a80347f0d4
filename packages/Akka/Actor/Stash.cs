using Akka.Actor.Internal;
using Akka.Dispatch;

namespace Akka.Actor
{
    /// <summary>Messages put aside for later.</summary>
    public interface IStash
    {
        int Count { get; }
        bool IsEmpty { get; }
        bool NonEmpty { get; }
        bool IsFull { get; }

        /// <summary>Most messages it takes; -1 for no bound.</summary>
        int Capacity { get; }

        /// <summary>Puts the current message aside.</summary>
        /// <exception cref="StashOverflowException">It is full.</exception>
        void Stash();

        /// <summary>Takes the oldest message back to the front of the mailbox.</summary>
        void Unstash();

        /// <summary>Takes all messages back to the front of the mailbox, in their order.</summary>
        void UnstashAll();

        void UnstashAll(Func<Envelope, bool> predicate);
        IEnumerable<Envelope> ClearStash();
        void Prepend(IEnumerable<Envelope> envelopes);
    }

    /// <summary>An actor with a stash; the system sets the property.</summary>
    public interface IActorStash
    {
        IStash Stash { get; set; }
    }

    public interface IWithUnrestrictedStash : IActorStash;

    public interface IWithStash : IWithUnrestrictedStash, IRequiresMessageQueue<IDequeBasedMessageQueueSemantics>;

    public interface IWithUnboundedStash : IWithUnrestrictedStash, IRequiresMessageQueue<IUnboundedDequeBasedMessageQueueSemantics>;

    public interface IWithBoundedStash : IWithUnrestrictedStash, IRequiresMessageQueue<IBoundedDequeBasedMessageQueueSemantics>;
}

namespace Akka.Actor.Internal
{
    /// <summary>Makes the stash of an actor.</summary>
    public static class StashFactory
    {
        public static IStash CreateStash(IActorContext context)
        {
            var cell = (ActorCell)context;
            var deploy = cell.Props.Deploy;
            return new ActorStash(cell, deploy.StashCapacity != Deploy.NoStashSize
                ? deploy.StashCapacity
                : cell.System.Mailboxes.StashCapacity(cell.Props.Dispatcher, deploy.Mailbox));
        }

        public static IStash CreateStash<T>(IActorContext context) where T : ActorBase => CreateStash(context);

        internal static IStash Create(ActorCell cell) => CreateStash(cell);
    }

    internal sealed class ActorStash(ActorCell cell, int capacity) : IStash
    {
        private readonly LinkedList<Envelope> _messages = new();

        public int Count => _messages.Count;
        public bool IsEmpty => _messages.Count == 0;
        public bool NonEmpty => _messages.Count > 0;
        public bool IsFull => capacity >= 0 && _messages.Count >= capacity;
        public int Capacity => capacity;

        public void Stash()
        {
            var current = cell.CurrentEnvelope;
            if (IsFull) throw new StashOverflowException($"Couldn't enqueue message {current.Message} from {current.Sender} to stash of {cell.Self}");
            _messages.AddLast(current);
        }

        public void Unstash()
        {
            if (_messages.First is not { } first) return;
            _messages.RemoveFirst();
            cell.Mailbox.EnqueueFirst(first.Value);
        }

        public void UnstashAll() => UnstashAll(static _ => true);

        public void UnstashAll(Func<Envelope, bool> predicate)
        {
            // Last first, since each goes in front of the one before.
            for (var node = _messages.Last; node is not null; node = node.Previous)
                if (predicate(node.Value)) cell.Mailbox.EnqueueFirst(node.Value);
            _messages.Clear();
        }

        public IEnumerable<Envelope> ClearStash()
        {
            var all = _messages.ToArray();
            _messages.Clear();
            return all;
        }

        public void Prepend(IEnumerable<Envelope> envelopes)
        {
            foreach (var envelope in envelopes.Reverse()) _messages.AddFirst(envelope);
        }
    }
}
