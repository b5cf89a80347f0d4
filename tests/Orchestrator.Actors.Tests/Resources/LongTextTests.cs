using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class LongTextTests
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static TheoryData<string> Texts => new()
    {
        "short",
        new string('x', 5000),
        string.Concat(Enumerable.Repeat("\"\\\n\u0001ä😀", 3000)),
        // A pair stands across the place where the text is parted.
        new string('x', 4095) + "😀" + new string('y', 4095) + "😀",
        new string('x', 4096),
        new string('x', 8192),
        new string('x', 4095) + '\ud800' + new string('y', 5000),
        new string('x', 6000) + '\ud800',
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void WriteText_WritesWhatTheWriterItselfWould(string text)
    {
        Assert.Equal(Json(w => w.WriteString("a"u8, text)), Json(w => w.WriteText("a"u8, text)));
    }

    [Fact]
    public void Length_IsThatOfTheJson_AndOfALongOneTheBeginningIsShown()
    {
        var tree = new JsonObject { ["a"] = "ä\"x", ["b"] = new JsonArray(1, null, new string('z', 10_000)) };
        var json = tree.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

        Assert.Equal(Encoding.UTF8.GetByteCount(json), JsonLength.Of(tree));
        Assert.Equal(4, JsonLength.Of(null));
        Assert.Equal(json, JsonLength.Shorten(tree, 100_000));
        Assert.Equal(json[..100] + "...", JsonLength.Shorten(tree, 101));
    }

    [Fact]
    public void Faults_OfMoreTextThanAnAnswerMayHave_AreCounted()
    {
        var faults = new FaultList();
        for (var i = 0; i < 10_000; i++) faults.Invalid(FieldPath.Of("spec").Index(i), new string('x', 100), "must be otherwise");

        var error = faults.ToError("", "Pod", "a")!;

        Assert.InRange(error.Message.Length, 256 * 1024, 300 * 1024);
        Assert.Equal($"{10_000 - error.Causes.Length + 1} more faults were left out", error.Causes[^1].Message);
        Assert.EndsWith(" more faults were left out]", error.Message, StringComparison.Ordinal);
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
