using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;

namespace Akka.Actor
{
    /// <summary>What the system sees of a cell.</summary>
    public interface ICell
    {
        IActorRef Self { get; }
        ActorSystem System { get; }
        Props Props { get; }
        IInternalActorRef Parent { get; }
        bool IsTerminated { get; }
    }

    /// <summary>The life of one actor across its restarts: behaviour, children, watching and failures.</summary>
    public partial class ActorCell : IUntypedActorContext, ICell
    {
        private readonly IInternalActorRef _self;
        private Receive _behavior = _ => false;
        private Stack<Receive> _stacked;
        private ActorBase _actor;
        private Envelope _current;
        private ActorTaskScheduler _taskScheduler;

        public ActorCell(ActorSystemImpl system, IInternalActorRef self, Props props, MessageDispatcher dispatcher, IInternalActorRef parent)
        {
            (SystemImpl, _self, Props, Dispatcher, Parent) = (system, self, props, dispatcher, parent);
        }

        public static ActorCell Current => InternalCurrentActorCellKeeper.Current;

        public ActorSystem System => SystemImpl;
        public ActorSystemImpl SystemImpl { get; }
        public Props Props { get; }
        public IActorRef Self => _self;
        public IInternalActorRef Parent { get; }
        IActorRef IActorContext.Parent => Parent;
        public MessageDispatcher Dispatcher { get; }
        public Mailbox Mailbox { get; private set; }
        public bool IsTerminated => Mailbox.IsClosed;
        public bool HasMessages => Mailbox.HasMessages;
        public int NumberOfMessages => Mailbox.NumberOfMessages;

        /// <summary>The message now being handled; null between messages.</summary>
        public object CurrentMessage => _current.Message;

        /// <summary>The message now being handled with its sender.</summary>
        public Envelope CurrentEnvelope => _current;

        public IActorRef Sender => _current.Sender ?? SystemImpl.DeadLetters;

        internal bool HasSender => _current.Sender is not null;
        internal ActorTaskScheduler TaskScheduler => _taskScheduler ??= new ActorTaskScheduler(this);
        internal ActorBase ActorInstance => _actor;
        internal void UseEnvelope(Envelope envelope) => _current = envelope;

        public static IActorRef GetCurrentSelfOrNoSender() => Current?.Self;
        public static IActorRef GetCurrentSenderOrNoSender() => Current?._current.Sender;

        /// <summary>Gives the cell its mailbox and tells parent and mailbox that the actor is to be created.</summary>
        public void Init(bool sendSupervise, MailboxType mailboxType)
        {
            var mailbox = Dispatcher.CreateMailbox(this, mailboxType);
            mailbox.SetActor(this);
            Mailbox = mailbox;
            mailbox.SystemEnqueue(_self, new Create(null));
            if (sendSupervise) Parent.SendSystemMessage(new Supervise(_self, async: false));
        }

        public void Start() => Dispatcher.Attach(this);

        public virtual void SendMessage(Envelope message)
        {
            if (SystemImpl.Settings.SerializeAllMessages) message = SerializeAndDeserialize(message);
            Dispatcher.Dispatch(this, message);
        }

        // akka.actor.serialize-messages: shows in one process what would not survive being sent to another.
        private Envelope SerializeAndDeserialize(Envelope envelope)
        {
            var message = envelope.Message;
            // What the system itself tells, and what was refused before, would only hide the first error.
            if (message is INoSerializationVerificationNeeded or IAutoReceivedMessage or Actor.ReceiveTimeout or Event.AllDeadLetters) return envelope;
            var serialization = SystemImpl.Serialization;
            var serializer = serialization.FindSerializerFor(message);
            var copy = serialization.Deserialize(serializer.ToBinary(message), serializer.Identifier, Serialization.Serialization.ManifestFor(serializer, message));
            return new Envelope(copy, envelope.Sender);
        }

        public void SendMessage(IActorRef sender, object message) => SendMessage(new Envelope(message, sender));
        public virtual void SendSystemMessage(ISystemMessage message) => Dispatcher.SystemDispatch(this, message);

        public void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));
        public void Suspend() => SendSystemMessage(new Suspend());
        public void Resume(Exception causedByFailure) => SendSystemMessage(new Resume(causedByFailure));
        public void Stop() => SendSystemMessage(new Terminate());

        public void Become(Receive receive)
        {
            _behavior = receive;
        }

        public void Become(UntypedReceive receive) => Become(Lift(receive));

        public void BecomeStacked(Receive receive)
        {
            (_stacked ??= new Stack<Receive>()).Push(_behavior);
            _behavior = receive;
        }

        public void BecomeStacked(UntypedReceive receive) => BecomeStacked(Lift(receive));

        public void UnbecomeStacked()
        {
            if (_stacked is { Count: > 0 }) _behavior = _stacked.Pop();
        }

        /// <summary>Runs an action as if this cell handled a message.</summary>
        public void UseThreadContext(Action action)
        {
            var before = InternalCurrentActorCellKeeper.Current;
            InternalCurrentActorCellKeeper.Current = this;
            try
            {
                action();
            }
            finally
            {
                InternalCurrentActorCellKeeper.Current = before;
            }
        }

        public ActorSelection ActorSelection(string path) => ActorRefFactoryShared.ActorSelection(path, System, Self);
        public ActorSelection ActorSelection(ActorPath path) => ActorRefFactoryShared.ActorSelection(path, System);

        public override string ToString() => $"ActorCell({_self.Path})";

        private static Receive Lift(UntypedReceive receive) => m =>
        {
            receive(m);
            return true;
        };

        /// <summary>Handles one message of a user; a thrown error is taken to the supervisor.</summary>
        public void Invoke(Envelope envelope)
        {
            _current = envelope;
            var message = envelope.Message;
            var influencesTimeout = _receiveTimeout is not null && message is not INotInfluenceReceiveTimeout;
            try
            {
                if (influencesTimeout) CancelReceiveTimeoutTask();
                if (message is IAutoReceivedMessage) AutoReceiveMessage(envelope);
                else ReceiveMessage(message);
            }
            catch (Exception cause)
            {
                HandleInvokeFailure(cause);
            }
            finally
            {
                if (_receiveTimeout is not null) CheckReceiveTimeout(influencesTimeout);
                // An async handler that is still running keeps its message and sender.
                if (_taskScheduler is not { IsRunning: true } && !_failedKeepsMessage) _current = default;
            }
        }

        public void ReceiveMessage(object message)
        {
            if (_actor is { } actor) actor.AroundReceive(_behavior, message);
        }

        protected virtual void AutoReceiveMessage(Envelope envelope)
        {
            if (SystemImpl.Settings.DebugAutoReceive)
                SystemImpl.EventStream.Publish(new Event.Debug(Self.Path.ToString(), _actor?.GetType(), "received AutoReceiveMessage " + envelope.Message));
            switch (envelope.Message)
            {
                case Terminated t:
                    ReceivedTerminated(t);
                    break;
                case AddressTerminated a:
                    AddressTerminated(a.Address);
                    break;
                case Scheduler.TimerMessage t:
                    if (_actor is IWithTimers { Timers: Scheduler.TimerScheduler timers } && timers.Take(t) is { } due)
                    {
                        _current = new Envelope(due, envelope.Sender);
                        if (due is IAutoReceivedMessage) AutoReceiveMessage(_current);
                        else ReceiveMessage(due);
                    }

                    break;
                case Kill:
                    throw new ActorKilledException("Kill");
                case PoisonPill:
                    _self.Stop();
                    break;
                case ActorSelectionMessage s:
                    ActorSelection_Deliver(s);
                    break;
                case Identify i:
                    Sender.Tell(new ActorIdentity(i.MessageId, Self), Self);
                    break;
                default:
                    ReceiveMessage(envelope.Message);
                    break;
            }
        }

        private void ActorSelection_Deliver(ActorSelectionMessage selection) =>
            Actor.ActorSelection.DeliverSelection(_self, Sender, selection);
    }
}

namespace Akka.Actor.Internal
{
    /// <summary>The cell that runs on this thread.</summary>
    public static class InternalCurrentActorCellKeeper
    {
        [ThreadStatic]
        private static ActorCell CurrentCell;

        public static ActorCell Current
        {
            get => CurrentCell;
            set => CurrentCell = value;
        }
    }
}
