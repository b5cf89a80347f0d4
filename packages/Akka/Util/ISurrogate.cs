using Akka.Actor;

namespace Akka.Util;

/// <summary>Stands for a value that cannot be serialized itself.</summary>
public interface ISurrogate
{
    ISurrogated FromSurrogate(ActorSystem system);
}

/// <summary>A value that travels as a surrogate.</summary>
public interface ISurrogated
{
    ISurrogate ToSurrogate(ActorSystem system);
}
