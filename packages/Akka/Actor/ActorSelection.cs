using System.Text.RegularExpressions;

namespace Akka.Actor;

/// <summary>A place in the tree to send to; the path may hold wildcards and "..".</summary>
public class ActorSelection : ICanTell
{
    public ActorSelection() { }

    public ActorSelection(IActorRef anchor, SelectionPathElement[] path) => (Anchor, Path) = (anchor, path);

    public ActorSelection(IActorRef anchor, string path) : this(anchor, SelectionPathElement.ParseAll(path)) { }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements) : this(anchor, [.. elements.Where(e => e.Length > 0).Select(SelectionPathElement.Parse)]) { }

    public IActorRef Anchor { get; private set; }
    public SelectionPathElement[] Path { get; set; }
    public string PathString => "/" + string.Join("/", Path.Select(p => p.ToString()));

    public void Tell(object message, IActorRef sender = null)
    {
        sender ??= ActorCell.GetCurrentSelfOrNoSender();
        DeliverSelection((IInternalActorRef)Anchor, sender, new ActorSelectionMessage(message, Path));
    }

    /// <exception cref="ActorNotFoundException">No actor answered in time.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(null), timeout, ct).ConfigureAwait(false);
            return identity.Subject ?? throw new ActorNotFoundException($"There is no actor at {this}");
        }
        catch (AskTimeoutException e)
        {
            throw new ActorNotFoundException($"No actor at {this} answered within {timeout}", e);
        }
    }

    public override bool Equals(object obj) => obj is ActorSelection other && Equals(Anchor, other.Anchor) && PathString == other.PathString;
    public override int GetHashCode() => HashCode.Combine(Anchor, PathString);
    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path({PathString})]";

    /// <summary>Walks on from the anchor and hands the message to all that fit.</summary>
    public static void DeliverSelection(IInternalActorRef anchor, IActorRef sender, ActorSelectionMessage selection)
    {
        if (selection.Elements.Length == 0)
        {
            anchor.Tell(selection.Message, sender);
            return;
        }

        var at = anchor;
        for (var i = 0; i < selection.Elements.Length; i++)
        {
            if (at is not ActorRefWithCell cell)
            {
                // Places without children, and actors of other systems, look at the rest themselves.
                if (!at.IsLocal) at.Tell(selection.Copy(selection.Elements[i..]), sender);
                else DeliverBelow(at, sender, selection, i);
                return;
            }

            var last = i == selection.Elements.Length - 1;
            switch (selection.Elements[i])
            {
                case SelectParent:
                    at = cell.Parent;
                    if (last) at.Tell(selection.Message, sender);
                    break;
                case SelectChildName name:
                    var child = cell.GetSingleChild(name.Name);
                    if (child.IsNobody())
                    {
                        NotFound(anchor, sender, selection, cell.Path);
                        return;
                    }

                    at = child;
                    if (last) at.Tell(selection.Message, sender);
                    break;
                case SelectChildPattern pattern:
                    FanOut(anchor, cell, pattern, sender, selection, i);
                    return;
            }
        }
    }

    private static void FanOut(IInternalActorRef anchor, ActorRefWithCell cell, SelectChildPattern pattern, IActorRef sender, ActorSelectionMessage selection, int index)
    {
        var matching = cell.Children.Where(c => pattern.Matches(c.Path.Name)).ToList();
        if (matching.Count == 0 && !selection.WildcardFanOut)
        {
            NotFound(anchor, sender, selection, cell.Path);
            return;
        }

        var rest = selection.Elements[(index + 1)..];
        foreach (var child in matching)
        {
            if (rest.Length == 0) child.Tell(selection.Message, sender);
            else DeliverSelection((IInternalActorRef)child, sender, new ActorSelectionMessage(selection.Message, rest, wildcardFanOut: true));
        }
    }

    private static void DeliverBelow(IInternalActorRef at, IActorRef sender, ActorSelectionMessage selection, int index)
    {
        var names = selection.Elements[index..].Select(e => e.ToString()).ToArray();
        var child = at.GetChild(names);
        if (child.IsNobody()) NotFound(at, sender, selection, at.Path);
        else child.Tell(selection.Message, sender);
    }

    private static void NotFound(IInternalActorRef anchor, IActorRef sender, ActorSelectionMessage selection, ActorPath path)
    {
        if (selection.WildcardFanOut) return;
        if (selection.Message is Identify identify) sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
        else anchor.Provider.DeadLetters.Tell(new Event.DeadLetter(selection.Message, sender ?? anchor.Provider.DeadLetters,
            new EmptyLocalActorRef(anchor.Provider, path / [.. selection.Elements.Select(e => e.ToString())], null)), sender);
    }
}

/// <summary>A message on its way along a selection.</summary>
public class ActorSelectionMessage(object message, SelectionPathElement[] elements, bool wildcardFanOut = false) : IAutoReceivedMessage, IPossiblyHarmful, IWrappedMessage
{
    public object Message => message;
    public SelectionPathElement[] Elements => elements;

    /// <summary>Whether it came through a wildcard, so that misses are no news.</summary>
    public bool WildcardFanOut => wildcardFanOut;

    internal Identify Identify => message as Identify;

    public ActorSelectionMessage Copy(SelectionPathElement[] rest) => new(message, rest, wildcardFanOut);

    public override string ToString() => $"ActorSelectionMessage({Message}, {string.Join("/", elements.Select(e => e.ToString()))})";
}

/// <summary>One step of a selection.</summary>
public abstract class SelectionPathElement
{
    internal static SelectionPathElement Parse(string element) => element switch
    {
        ".." => new SelectParent(),
        _ when element.AsSpan().IndexOfAny('*', '?') >= 0 => new SelectChildPattern(element),
        _ => new SelectChildName(element),
    };

    internal static SelectionPathElement[] ParseAll(string path) => [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
}

public class SelectChildName(string name) : SelectionPathElement
{
    public string Name => name;

    public override string ToString() => name;
}

/// <summary>Children whose names fit; * stands for any text and ? for one character.</summary>
public class SelectChildPattern(string patternStr) : SelectionPathElement
{
    private readonly Regex _pattern = new("^" + Regex.Escape(patternStr).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$");

    public string PatternStr => patternStr;

    public bool Matches(string name) => _pattern.IsMatch(name);

    public override string ToString() => patternStr;
}

public class SelectParent : SelectionPathElement
{
    public override string ToString() => "..";
}

/// <summary>Selections from paths.</summary>
public static class ActorRefFactoryShared
{
    public static ActorSelection ActorSelection(ActorPath actorPath, ActorSystem system) =>
        new(((ExtendedActorSystem)system).Provider.RootGuardianAt(actorPath.Address), actorPath.Elements);

    /// <summary>A full path, one from the root ("/user/a"), or one relative to the anchor ("../b").</summary>
    public static ActorSelection ActorSelection(string path, ActorSystem system, IActorRef lookupRoot)
    {
        if (Uri.TryCreate(path, UriKind.Absolute, out var uri) && uri.Scheme.StartsWith("akka", StringComparison.Ordinal))
        {
            if (!ActorPath.TryParse(path, out var full)) throw new UriFormatException($"Not an actor path: {path}");
            return ActorSelection(full, system);
        }

        return path.StartsWith('/')
            ? new ActorSelection(((ExtendedActorSystem)system).Provider.RootGuardian, path)
            : new ActorSelection(lookupRoot, path);
    }

    public static ActorSelection ActorSelection(IActorRef anchorActorRef, string path) => new(anchorActorRef, path);
}
