using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class JsonNodeTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"z":1,"a":[true,false,null,-1,"x",{}],"b":{"c":{"d":[]}}}""")]
    [InlineData("[-0,1.0,1e3,1E-7,12345678901234567890,0.1,-5,9223372036854775807,-9223372036854775808,9223372036854775808]")]
    public void Parse_ThenWritten_IsTheSameText(string text) => Assert.Equal(text, JsonTree.ToText(JsonNode.Parse(text)));

    [Fact]
    public void Parse_OfAFieldGivenTwice_TakesTheLast() =>
        Assert.Equal("""{"a":3,"b":2}""", JsonNode.Parse("""{"a":1,"b":2,"a":3}""")!.ToJsonString());

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} 1")]
    [InlineData("[1,]")]
    [InlineData("\"\\ud800\"")]
    public void Parse_OfWhatIsNoJson_Throws(string text) => Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(text));

    [Fact]
    public void Parse_TooDeep_Throws()
    {
        Assert.NotNull(JsonNode.Parse(new string('[', ObjectJson.DepthMax) + new string(']', ObjectJson.DepthMax)));
        Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(new string('[', ObjectJson.DepthMax + 1) + new string(']', ObjectJson.DepthMax + 1)));
    }

    [Fact]
    public void Numbers_AreReadAsWhatTheyAre()
    {
        var list = JsonNode.Parse("""[5,5.0,-0,1e3,9223372036854775808,"5",true]""")!.AsArray();
        Assert.Equal([5L, null, 0L, null, null, null, null], list.Select(JsonTree.AsInt64));
        Assert.Equal([5d, 5d, -0d, 1000d, 9223372036854775808d, null, null], list.Select(JsonTree.AsDouble));
        Assert.Equal((5L, null), (JsonTree.AsInt64(JsonValue.Create(5.0)), JsonTree.AsInt64(JsonValue.Create(1e300))));
    }

    [Fact]
    public void Values_ComeBackAsTheyWerePutIn()
    {
        Assert.Equal(("a", true, 3, long.MaxValue, 0.5), ((string?)(JsonNode?)"a", (bool)(JsonNode)true, (int)(JsonNode)3, (long)(JsonNode)long.MaxValue, (double)(JsonNode)0.5));
        Assert.Null((JsonNode?)(string?)null);
        Assert.Null((int?)(JsonNode?)null);
        Assert.Throws<InvalidOperationException>(() => (int)(JsonNode)long.MaxValue);
        Assert.Throws<InvalidOperationException>(() => (string?)(JsonNode)1);
        Assert.Throws<InvalidOperationException>(() => (bool)(JsonNode)"true");
        Assert.Throws<InvalidOperationException>(() => ((JsonNode)"a")["b"]);
        Assert.Throws<InvalidOperationException>(() => new JsonObject().AsArray());
    }

    [Fact]
    public void WholeNumbers_AreWrittenAsTheyAre()
    {
        foreach (var n in (long[])[-2, -1, 0, 1, 255, 256, 1023, 1024, 1025, int.MinValue, long.MaxValue, long.MinValue])
            Assert.Equal(n.ToString(CultureInfo.InvariantCulture), JsonValue.Create(n).ToJsonString());
    }

    [Fact]
    public void ToString_OfAString_IsTheTextAndOfAllElseJson()
    {
        Assert.Equal("a\"b", ((JsonNode)"a\"b").ToString());
        Assert.Equal("true", ((JsonNode)true).ToString());
        Assert.Equal("1.0", JsonNode.Parse("1.0")!.ToString());
        Assert.Equal("[\n  1.0,\n  2\n]", JsonNode.Parse("[1.0,2]")!.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void DeepEquals_DoesNotMindTheOrderOfFieldsOrTheFormOfNumbers()
    {
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":1,"b":[1.0,null]}"""), JsonNode.Parse("""{"b":[1,null],"a":1e0}""")));
        Assert.False(JsonNode.DeepEquals(JsonNode.Parse("""{"a":1}"""), JsonNode.Parse("""{"a":"1"}""")));
        Assert.False(JsonNode.DeepEquals(JsonNode.Parse("""{"a":null}"""), JsonNode.Parse("""{"b":null}""")));
        Assert.False(JsonNode.DeepEquals(JsonNode.Parse("[1,2]"), JsonNode.Parse("[2,1]")));
    }

    [Fact]
    public void Serializer_TakesATreeForTheJsonThatItIs()
    {
        var tree = JsonNode.Parse("""{"a":[1,"x\"<"]}""")!.AsObject();
        Assert.Equal(tree.ToJsonString(), JsonSerializer.Serialize(tree));
        Assert.Equal("""{"Tree":{"a":[1,"x\"<"]},"List":[true],"Leaf":1}""", JsonSerializer.Serialize(new Holder(tree, [true], 1), Relaxed));
        var read = JsonSerializer.Deserialize<Holder>("""{"Tree":{"a":1},"List":[{}],"Leaf":"x"}""")!;
        Assert.Equal("""{"a":1}[{}]"x" """.TrimEnd(), read.Tree.ToJsonString() + read.List.ToJsonString() + read.Leaf!.ToJsonString());
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Holder>("""{"Tree":[]}"""));
    }

    [Fact]
    public void List_IsChanged_AsAListIs()
    {
        var random = new Random(7);
        var list = new JsonArray();
        var model = new List<JsonNode?>();
        for (var step = 0; step < 2000; step++)
        {
            JsonNode? item = random.Next(4) == 0 ? null : JsonValue.Create(step);
            var at = random.Next(model.Count + 1);
            switch (random.Next(4))
            {
                case 0 when at < model.Count:
                    list.RemoveAt(at);
                    model.RemoveAt(at);
                    break;
                case 1 when at < model.Count:
                    list[at] = item;
                    model[at] = item;
                    break;
                case 2:
                    list.Insert(at, item);
                    model.Insert(at, item);
                    break;
                default:
                    list.Add(item);
                    model.Add(item);
                    break;
            }
            Assert.Equal(model.Count, list.Count);
        }
        Assert.Equal(model, list);
        Assert.Equal(model.IndexOf(model[3]), list.IndexOf(model[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => list[list.Count]);
        Assert.Throws<ArgumentOutOfRangeException>(() => list.RemoveAt(-1));
        Assert.Throws<InvalidOperationException>(() => { foreach (var item in list) list.Add(item); });
    }

    /// <summary>Texts of all kinds of characters are written as Utf8JsonWriter writes them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Text_OfAnyCharacters_IsWrittenAsTheFrameworkWritesIt(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 3000; i++)
        {
            var text = RandomText(random);
            var tree = new JsonObject { [text] = text, ["list"] = new JsonArray(text, i), ["metadata"] = new JsonObject { ["name"] = text } };
            var expected = Framework(tree);
            Assert.Equal(expected, JsonTree.ToText(tree));
            Assert.Equal(Encoding.UTF8.GetByteCount(expected), JsonLength.Of(tree));
            var committed = Encoding.UTF8.GetString(UncommittedJson.From(tree).WithRevision(7));
            Assert.Equal(expected.Replace("\"metadata\":{", "\"metadata\":{\"resourceVersion\":\"7\",", StringComparison.Ordinal), committed);
            if (!text.Any(char.IsSurrogate)) Assert.True(JsonNode.DeepEquals(tree, JsonNode.Parse(expected)));
        }
    }

    [Fact]
    public void Numbers_AreWrittenAsTheFrameworkWritesThem()
    {
        var random = new Random(11);
        var list = new JsonArray(0.0, -0.0, 1.5, 1e300, double.Epsilon, double.MaxValue, 1e15, 1e16, 1e17, 0.1, 1.0 / 3);
        for (var i = 0; i < 2000; i++)
        {
            if (BitConverter.Int64BitsToDouble(random.NextInt64()) is var number && double.IsFinite(number)) list.Add(number);
            list.Add(random.NextInt64() >> random.Next(64));
        }
        Assert.Equal(Framework(list), JsonTree.ToText(list));
        Assert.Equal(Framework(list), Encoding.UTF8.GetString(JsonTree.ToUtf8(list)));
        Assert.Throws<ArgumentException>(() => JsonTree.ToText(double.NaN));
    }

    [Fact]
    public void Text_OfAnyLength_IsWrittenWhole()
    {
        foreach (var length in (int[])[0, 1, 7, 8, 9, 15, 16, 17, 500, 100_000, 1_000_000])
            foreach (var text in (string[])[new string('a', length), new string('"', length), new string('é', length), new string('a', length) + "\n"])
                Assert.Equal(Framework((JsonNode)text), JsonTree.ToText(text));
    }

    private static string Framework(JsonNode tree)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) tree.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    // Mostly plain, so that what is not plain stands anywhere in what is.
    private static string RandomText(Random random)
    {
        const string odd = "\"\\/<>&'+`\u0000\u0001\b\t\n\f\r\u001f\u007f\u0080\u00a0\u00e9\u0378\u2028\u2029\ufeff\ufffd\uffff\ud83d\ude00\ud800\udfff\ue000\u4e2d";
        var plain = random.Next(3) > 0;
        return string.Create(random.Next(random.Next(2) == 0 ? 20 : 200), (random, plain), static (text, with) =>
        {
            foreach (ref var c in text)
                c = with.random.Next(with.plain ? 60 : 3) > 0 ? (char)with.random.Next(0x20, 0x7f) : with.random.Next(3) > 0 ? odd[with.random.Next(odd.Length)] : (char)with.random.Next(0x10000);
        });
    }

    private sealed record Holder(JsonObject Tree, JsonArray List, JsonNode? Leaf);
}
