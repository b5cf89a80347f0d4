using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class SelectionTests : ActorSpec
{
    private IActorRef Parent()
    {
        var parent = Sys.ActorOf(
            Scripted.Props(
                (a, m) => a.Cx.ActorSelection((string)m).Tell("hello", a.From),
                new Scripted.Hooks
                {
                    Created = a =>
                    {
                        foreach (var name in new[] { "a-1", "a-2", "b-1" })
                            a.Cx.ActorOf(Scripted.Props((c, _) => TestActor.Tell(c.Me.Path.Name)), name);
                    },
                }),
            "parent");
        return parent;
    }

    [Theory]
    [InlineData("*", "a-1", "a-2", "b-1")]
    [InlineData("a-*", "a-1", "a-2")]
    [InlineData("?-1", "a-1", "b-1")]
    [InlineData("../parent/b-1", "b-1")]
    [InlineData("/user/parent/a-2", "a-2")]
    [InlineData("/user/*/a-2", "a-2")]
    public void Selection_WithWildcards_ReachesWhatMatches(string path, params string[] expected)
    {
        Parent().Tell(path, TestActor);
        ExpectMsgAllOf(expected);
    }

    [Fact]
    public async Task ResolveOne_FindsTheIncarnationOrThrows()
    {
        var parent = Parent();
        Assert.Equal(parent, await Sys.ActorSelection("/user/parent").ResolveOne(Long));
        Assert.Equal(parent, await Sys.ActorSelection(parent.Path).ResolveOne(Long));
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/none").ResolveOne(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Identify_AnswersWithTheReferenceOrNull()
    {
        var parent = Parent();
        Sys.ActorSelection("/user/parent").Tell(new Identify(1), TestActor);
        Assert.Equal(parent, ExpectMsg<ActorIdentity>(i => 1.Equals(i.MessageId)).Subject);
        Sys.ActorSelection("/user/none").Tell(new Identify(2), TestActor);
        Assert.Null(ExpectMsg<ActorIdentity>(i => 2.Equals(i.MessageId)).Subject);
    }
}
