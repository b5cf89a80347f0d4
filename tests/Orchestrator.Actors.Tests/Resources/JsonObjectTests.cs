using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class JsonObjectTests
{
    // Names are made anew, so that they are equal to those in the object and not the same.
    private static string Name(int n) => string.Create(CultureInfo.InvariantCulture, $"name-{n}");

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 12)]
    [InlineData(3, 13)]
    [InlineData(4, 40)]
    [InlineData(5, 400)]
    public void Object_ChangedAtRandom_IsWhatAListOfPairsIs(int seed, int names)
    {
        var random = new Random(seed);
        var tree = new JsonObject();
        var model = new List<KeyValuePair<string, JsonNode?>>();
        for (var step = 0; step < 4000; step++)
        {
            var name = Name(random.Next(names));
            JsonNode? value = random.Next(5) == 0 ? null : step;
            var at = model.FindIndex(p => p.Key == name);
            switch (random.Next(8))
            {
                case 0 or 1:
                    Assert.Equal(at < 0, tree.TryAdd(name, value));
                    if (at < 0) model.Add(new(name, value));
                    break;
                case 2 or 3:
                    tree[name] = value;
                    if (at < 0) model.Add(new(name, value));
                    else model[at] = new(name, value);
                    break;
                case 4:
                    Assert.Equal(at >= 0, tree.Remove(name));
                    if (at >= 0) model.RemoveAt(at);
                    break;
                case 5 when model.Count > 0:
                    var index = random.Next(model.Count);
                    tree.RemoveAt(index);
                    model.RemoveAt(index);
                    break;
                case 6 when at < 0:
                    var place = random.Next(model.Count + 1);
                    tree.Insert(place, name, value);
                    model.Insert(place, new(name, value));
                    break;
                case 7 when random.Next(200) == 0:
                    tree.Clear();
                    model.Clear();
                    break;
                default:
                    Assert.Equal(at, tree.IndexOf(name));
                    Assert.Equal(at >= 0, tree.ContainsKey(name));
                    Assert.Equal(at >= 0, tree.TryGetPropertyValue(name, out var found));
                    Assert.Same(at < 0 ? null : model[at].Value, found);
                    Assert.Same(found, tree[name]);
                    break;
            }
            Assert.Equal(model.Count, tree.Count);
            if (step % 50 == 0) Assert.Equal(model, tree);
        }
        for (var n = 0; n < names; n++) Assert.Equal(model.FindIndex(p => p.Key == Name(n)), tree.IndexOf(Name(n)));
        Assert.Equal(model, tree.DeepClone());
    }

    [Fact]
    public void Object_OfManyNames_IsBuiltReadAndEmptied()
    {
        const int count = 100_000;
        var tree = new JsonObject();
        for (var n = 0; n < count; n++) Assert.True(tree.TryAdd(Name(n), n));
        for (var n = 0; n < count; n++) Assert.Equal(n, (int)tree[Name(n)]!);
        Assert.False(tree.ContainsKey(Name(count)));
        for (var n = count - 1; n > 50; n--) Assert.True(tree.Remove(Name(n)));
        Assert.Equal(Enumerable.Range(0, 51).Select(Name), tree.Select(static f => f.Key));
        Assert.Equal(50, tree.IndexOf(Name(50)));
    }

    [Fact]
    public void Add_OfANameThatIsThere_Throws()
    {
        var tree = new JsonObject { ["a"] = 1 };
        Assert.Throws<ArgumentException>(() => tree.Add("a", 2));
        Assert.Throws<ArgumentException>(() => tree.Insert(0, "a", 2));
        Assert.Throws<ArgumentException>(() => new JsonObject([new("b", 1), new("b", 2)]));
        Assert.Equal("{\"a\":1}", tree.ToJsonString());
    }

    [Fact]
    public void Enumeration_OfWhatIsChanged_Throws()
    {
        var tree = new JsonObject { ["a"] = 1, ["b"] = 2 };
        Assert.Throws<InvalidOperationException>(() => { foreach (var (name, _) in tree) tree.Remove(name); });
        Assert.Throws<InvalidOperationException>(() => { foreach (var (name, _) in tree) tree.Add(name + name, 1); });
    }

    [Fact]
    public void Enumeration_WithAnotherValue_GoesOn()
    {
        var tree = new JsonObject { ["a"] = 1, ["b"] = 2 };
        foreach (var (name, _) in tree) tree[name] = "x";
        Assert.Equal("""{"a":"x","b":"x"}""", tree.ToJsonString());
    }

    [Fact]
    public void Frozen_CannotBeChanged_AndACopyCan()
    {
        const string text = """{"a":1,"list":[{"b":2}],"owner":{}}""";
        var tree = JsonNode.Parse(text)!.AsObject();
        tree.Freeze();
        var (list, owner) = (tree["list"]!.AsArray(), tree["owner"]!.AsObject());
        Assert.All<Action>(
            [
                () => tree["a"] = 2, () => tree["new"] = 2, () => tree.Add("new", 2), () => tree.TryAdd("new", 2), () => tree.Insert(0, "new", 2), () => tree.SetAt(0, 2),
                () => tree.Remove("a"), () => tree.RemoveAt(0), tree.Clear, () => owner["new"] = 2, () => list[0]!["b"] = 3,
                () => list.Add(1), () => list.Insert(0, 1), () => list.RemoveAt(0), () => list[0] = 1, list.Clear, () => list.Remove(list[0]),
            ],
            static change => Assert.Throws<InvalidOperationException>(change));
        Assert.Equal(text, tree.ToJsonString());
        var copy = tree.DeepClone();
        copy["list"]![0]!["b"] = 3;
        copy.Remove("a");
        Assert.Equal("""{"list":[{"b":3}],"owner":{}}""", copy.ToJsonString());
        Assert.Equal(text, tree.ToJsonString());
    }

    [Fact]
    public void DeepClone_SharesOnlyWhatCannotChange()
    {
        var tree = new JsonObject { ["leaf"] = "text", ["none"] = null, ["owner"] = new JsonObject { ["list"] = new JsonArray(1, new JsonObject()) } };
        var before = tree.ToJsonString();
        var copy = tree.DeepClone();
        Assert.Same(tree["leaf"], copy["leaf"]);
        copy["owner"]!["list"]!.AsArray().Add(2);
        copy["owner"]!["list"]![1]!["a"] = true;
        copy["owner"]!["b"] = 1;
        copy.Remove("leaf");
        Assert.Equal(before, tree.ToJsonString());
    }
}
