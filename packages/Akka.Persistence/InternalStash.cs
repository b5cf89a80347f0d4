using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Keeps commands while events are written or replayed. It is apart from the actor's own stash.</summary>
internal static class InternalStash
{
    public static IStash Create(IActorContext context) => Actor.Internal.StashFactory.CreateStash(context);
}
