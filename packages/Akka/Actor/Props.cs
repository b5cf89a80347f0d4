using System.Linq.Expressions;
using Akka.Routing;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Makes actors where a constructor call is not enough.</summary>
public interface IIndirectActorProducer
{
    Type ActorType { get; }

    ActorBase Produce();
    void Release(ActorBase actor);
}

/// <summary>How to make an actor: its class, arguments, and where it runs. Never changes; With methods give a copy.</summary>
public class Props : IEquatable<Props>, ISurrogated
{
    private static readonly object[] NoArguments = [];
    public static readonly Props None = new(new FixedProducer(typeof(EmptyActor), () => new EmptyActor()), Deploy.None, NoArguments);
    private readonly IIndirectActorProducer _producer;

    public Props() : this(None._producer, Deploy.None, NoArguments) { }

    public Props(Type type, object[] args) : this(new ReflectiveProducer(type, args ?? NoArguments), Deploy.None, args ?? NoArguments) { }

    public Props(Type type) : this(type, NoArguments) { }

    public Props(Deploy deploy, Type type, params object[] args) : this(new ReflectiveProducer(type, args ?? NoArguments), deploy, args ?? NoArguments) { }

    private Props(IIndirectActorProducer producer, Deploy deploy, object[] args, SupervisorStrategy strategy = null) =>
        (_producer, Deploy, Arguments, SupervisorStrategy) = (producer, deploy, args, strategy);

    public static Props Empty { get; } = None;

    public Type Type => _producer.ActorType;
    public string TypeName => Type.AssemblyQualifiedName;
    public object[] Arguments { get; }
    public Deploy Deploy { get; protected set; }
    public SupervisorStrategy SupervisorStrategy { get; protected set; }
    public string Dispatcher => Deploy.Dispatcher ?? "akka.actor.default-dispatcher";
    public string Mailbox => Deploy.Mailbox;
    public RouterConfig RouterConfig => Deploy.RouterConfig;

    /// <summary>Reads class and arguments from a constructor call; the call itself runs anew for every incarnation.</summary>
    /// <exception cref="ArgumentException">The expression is not a constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy supervisorStrategy = null) where TActor : ActorBase
    {
        if (factory.Body is not NewExpression call)
            throw new ArgumentException("The expression must be a constructor call: () => new SomeActor(...)", nameof(factory));
        var args = call.Arguments.Select(ExpressionValue.Of).ToArray();
        return new Props(new ReflectiveProducer(call.Type, args, call.Constructor), Deploy.None, args, supervisorStrategy);
    }

    public static Props Create<TActor>(params object[] args) where TActor : ActorBase => new(typeof(TActor), args);

    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy) where TActor : ActorBase, new() =>
        new(new ReflectiveProducer(typeof(TActor), NoArguments), Deploy.None, NoArguments, supervisorStrategy);

    public static Props Create(Type type, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new Props(type, args);
    }

    public static Props CreateBy(IIndirectActorProducer producer, params object[] args) => new(producer, Deploy.None, args ?? NoArguments);

    public static Props CreateBy<TProducer>(params object[] args) where TProducer : class, IIndirectActorProducer =>
        new((IIndirectActorProducer)Activator.CreateInstance(typeof(TProducer), args), Deploy.None, args ?? NoArguments);

    public Props WithMailbox(string mailbox) => Copy(Deploy.WithMailbox(mailbox));
    public Props WithDispatcher(string dispatcher) => Copy(Deploy.WithDispatcher(dispatcher));
    public Props WithRouter(RouterConfig routerConfig) => Copy(Deploy.WithRouterConfig(routerConfig));

    /// <summary>Settings of <paramref name="deploy"/> win over those already here.</summary>
    public Props WithDeploy(Deploy deploy) => Copy(deploy.WithFallback(Deploy));

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(_producer, Deploy, Arguments, supervisorStrategy);

    /// <summary>A new actor.</summary>
    public virtual ActorBase NewActor() => _producer.Produce()
        ?? throw new ActorInitializationException($"The producer of {Type} gave no actor");

    internal void Release(ActorBase actor)
    {
        if (actor is not null) _producer.Release(actor);
    }

    private Props Copy(Deploy deploy) => new(_producer, deploy, Arguments, SupervisorStrategy);

    public bool Equals(Props other) => other is not null && Type == other.Type && Deploy.Equals(other.Deploy)
        && Arguments.SequenceEqual(other.Arguments);

    public override bool Equals(object obj) => Equals(obj as Props);
    public override int GetHashCode() => HashCode.Combine(Type, Deploy);
    public override string ToString() => $"Props({Type.FullName})";

    public ISurrogate ToSurrogate(ActorSystem system) => new PropsSurrogate { Type = Type, Deploy = Deploy, Arguments = Arguments };

    /// <summary>The parts of a Props.</summary>
    public class PropsSurrogate : ISurrogate
    {
        public Type Type { get; set; }
        public Deploy Deploy { get; set; }
        public object[] Arguments { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => new Props(Deploy, Type, Arguments);
    }

    private sealed class EmptyActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
