using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class EventSelectionTests
{
    /// <summary>The source of an event is whoever reports it where no source is given. Source: registry/core/event ToSelectableFields.</summary>
    [Theory]
    [InlineData("""{"source":{"component":"a"},"reportingComponent":"b"}""", "a")]
    [InlineData("""{"source":{},"reportingComponent":"b"}""", "b")]
    [InlineData("""{"source":{"component":""},"reportingComponent":"b"}""", "b")]
    [InlineData("""{"reportingComponent":"b"}""", "b")]
    [InlineData("{}", "")]
    public void Source_FallsBackToTheReporter(string json, string source)
    {
        var schema = SchemaCatalog.BuiltIn.Find(ResourceTypes.Events)!;
        var selector = FieldSelector.Parse(schema, $"source={source}", out _)!;
        Assert.True(selector.Matches(JsonNode.Parse(json)!.AsObject()));
        Assert.False(FieldSelector.Parse(schema, "source=other", out _)!.Matches(JsonNode.Parse(json)!.AsObject()));
    }
}
