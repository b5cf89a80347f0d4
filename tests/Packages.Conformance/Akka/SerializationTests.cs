using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Packages.Conformance.AkkaCore;

public sealed class SerializationTests : ActorSpec
{
    private T RoundTrip<T>(T value)
    {
        var serializer = Sys.Serialization.FindSerializerFor(value);
        var bytes = serializer.ToBinary(value);
        return (T)Sys.Serialization.Deserialize(bytes, serializer.Identifier, Serialization.ManifestFor(serializer, value));
    }

    [Fact]
    public void Primitives_ComeBack()
    {
        Assert.Equal("grüße", RoundTrip("grüße"));
        Assert.Equal(-7, RoundTrip(-7));
        Assert.Equal(long.MinValue, RoundTrip(long.MinValue));
        Assert.Equal([1, 2, 3], RoundTrip<byte[]>([1, 2, 3]));
    }

    [Fact]
    public void MessagesOfTheCore_ComeBack()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }), "me");
        Assert.Equal(actor, RoundTrip(actor));
        Assert.Equal(actor.Path.Uid, RoundTrip(actor).Path.Uid);
        Assert.Equal(5, RoundTrip(new Identify(5)).MessageId);
        var identity = RoundTrip(new ActorIdentity("id", actor));
        Assert.Equal(("id", actor), (identity.MessageId, identity.Subject));
        Assert.Null(RoundTrip(new ActorIdentity("id", null)).Subject);
        Assert.Same(PoisonPill.Instance, RoundTrip(PoisonPill.Instance));
        Assert.Equal("fine", RoundTrip(new Status.Success("fine")).Status);
        var failure = RoundTrip(new Status.Failure(new FormatException("broken"), 3));
        Assert.Equal(("broken", 3), (failure.Cause.Message, failure.State));
        Assert.IsType<AskTimeoutException>(RoundTrip(new Status.Failure(new AskTimeoutException("late"))).Cause);
    }

    private sealed record Unbound(int X);

    [Fact]
    public void TypeWithoutBinding_NamesTheKeyToSet()
    {
        var error = Assert.Throws<SerializationException>(() => Sys.Serialization.FindSerializerFor(new Unbound(1)));
        Assert.Contains("akka.actor.serialization-bindings", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Unbound), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_UnknownSerializerOrManifest_IsAnError()
    {
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize([], 987654, ""));
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize([1], 17, "nonsense"));
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize([1], 16, "AID"));
    }

    [Fact]
    public async Task SerializeMessages_On_SendsCopies()
    {
        using var system = ActorSystem.Create("copies", Akka.Configuration.ConfigurationFactory.ParseString(
            "akka { actor.serialize-messages = on, loglevel = OFF, stdout-loglevel = OFF }"));
        var actor = system.ActorOf(Scripted.Props((a, m) => a.From.Tell(m)));
        byte[] sent = [1, 2];
        Assert.Equal(sent, await actor.Ask<byte[]>(sent, Long));
        Assert.Throws<SerializationException>(() => actor.Tell(new Unbound(1)));
        await system.Terminate();
    }

    [Fact]
    public void SerializedActorPath_NamesTheIncarnation()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }), "me");
        Assert.Equal($"akka://{Sys.Name}/user/me#{actor.Path.Uid}", Serialization.SerializedActorPath(actor));
        Assert.Equal("", Serialization.SerializedActorPath(null));
    }
}
