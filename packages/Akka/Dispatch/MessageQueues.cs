using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;

namespace Akka.Dispatch
{
    /// <summary>Says that an actor needs a kind of queue.</summary>
    public interface IRequiresMessageQueue<T> where T : ISemantics;

    /// <summary>A property of a queue.</summary>
    public interface ISemantics;

    public interface IMultipleConsumerSemantics : ISemantics;

    public interface IUnboundedMessageQueueSemantics : ISemantics;

    public interface IBoundedMessageQueueSemantics : ISemantics
    {
        TimeSpan PushTimeOut { get; }
    }

    public interface IDequeBasedMessageQueueSemantics : ISemantics
    {
        void EnqueueFirst(Envelope envelope);
    }

    public interface IUnboundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IUnboundedMessageQueueSemantics;

    public interface IBoundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IBoundedMessageQueueSemantics;
}

namespace Akka.Dispatch.MessageQueues
{
    /// <summary>The messages that wait for an actor. Many senders, one receiver.</summary>
    public interface IMessageQueue
    {
        bool HasMessages { get; }
        int Count { get; }

        void Enqueue(IActorRef receiver, Envelope envelope);
        bool TryDequeue(out Envelope envelope);
        void CleanUp(IActorRef owner, IMessageQueue deadletters);
    }

    /// <summary>No bound; takes what comes in the order in which it comes.</summary>
    public class UnboundedMessageQueue : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private readonly ConcurrentQueue<Envelope> _queue = new();

        public bool HasMessages => !_queue.IsEmpty;
        public int Count => _queue.Count;

        public void Enqueue(IActorRef receiver, Envelope envelope) => _queue.Enqueue(envelope);
        public bool TryDequeue(out Envelope envelope) => _queue.TryDequeue(out envelope);

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (_queue.TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
        }
    }

    /// <summary>As above, and the receiver can put messages back at the front.</summary>
    public class UnboundedDequeMessageQueue : UnboundedMessageQueue, IUnboundedDequeBasedMessageQueueSemantics, IMessageQueue
    {
        private readonly Stack<Envelope> _front = new();

        bool IMessageQueue.HasMessages => _front.Count > 0 || HasMessages;
        int IMessageQueue.Count => _front.Count + Count;

        public void EnqueueFirst(Envelope envelope) => _front.Push(envelope);

        bool IMessageQueue.TryDequeue(out Envelope envelope) => _front.TryPop(out envelope) || TryDequeue(out envelope);

        void IMessageQueue.CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryPop(out var envelope)) deadletters.Enqueue(owner, envelope);
            CleanUp(owner, deadletters);
        }

        // Of a cell that has stopped, whoever sends to it cleans up as well, while the cell itself does.
        private bool TryPop(out Envelope envelope)
        {
            lock (_front) return _front.TryPop(out envelope);
        }
    }

    /// <summary>At most so many messages; a sender waits for the push timeout, then the message is a dead letter.</summary>
    public class BoundedMessageQueue(int capacity, TimeSpan pushTimeOut, IMessageQueue overflow) : IMessageQueue, IBoundedMessageQueueSemantics
    {
        private readonly BlockingCollection<Envelope> _queue = new(capacity);

        public TimeSpan PushTimeOut => pushTimeOut;
        public bool HasMessages => _queue.Count > 0;
        public int Count => _queue.Count;

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            if (pushTimeOut < TimeSpan.Zero) _queue.Add(envelope);
            else if (!_queue.TryAdd(envelope, pushTimeOut)) overflow.Enqueue(receiver, envelope);
        }

        public bool TryDequeue(out Envelope envelope) => _queue.TryTake(out envelope);

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (_queue.TryTake(out var envelope)) deadletters.Enqueue(owner, envelope);
        }
    }

    /// <summary>The lowest number first; equal numbers in the order in which they came.</summary>
    public class UnboundedPriorityMessageQueue(Func<object, int> priority) : IMessageQueue, IUnboundedDequeBasedMessageQueueSemantics
    {
        private readonly PriorityQueue<Envelope, (int Priority, long Order)> _queue = new();
        private readonly Lock _lock = new();
        private readonly Stack<Envelope> _front = new();
        private long _order;

        public bool HasMessages => Count > 0;

        public int Count
        {
            get
            {
                lock (_lock) return _queue.Count + _front.Count;
            }
        }

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            lock (_lock) _queue.Enqueue(envelope, (priority(envelope.Message), _order++));
        }

        public void EnqueueFirst(Envelope envelope)
        {
            lock (_lock) _front.Push(envelope);
        }

        public bool TryDequeue(out Envelope envelope)
        {
            lock (_lock) return _front.TryPop(out envelope) || _queue.TryDequeue(out envelope, out _);
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
        }
    }

    /// <summary>Everything put in becomes a dead letter.</summary>
    internal sealed class DeadLetterQueue(IActorRef deadLetters) : IMessageQueue
    {
        public bool HasMessages => false;
        public int Count => 0;

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            if (envelope.Message is DeadLetter) return;
            deadLetters.Tell(new DeadLetter(envelope.Message, envelope.Sender ?? deadLetters, receiver), envelope.Sender);
        }

        public bool TryDequeue(out Envelope envelope)
        {
            envelope = default;
            return false;
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters) { }
    }
}
