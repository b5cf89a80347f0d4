using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0.5", "500m")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1024Ki", "1Mi")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1000000", "1M")]
    [InlineData("1e3", "1e3")]
    [InlineData("1E", "1E")]
    [InlineData("0.1n", "1n")]
    [InlineData("-1500m", "-1500m")]
    [InlineData("+5", "5")]
    [InlineData(".5", "500m")]
    [InlineData("5.", "5")]
    [InlineData("0", "0")]
    [InlineData("100E", "9223372036854775807")]
    [InlineData("123456789012345678901234567890", "9223372036854775807")]
    [InlineData("3.14159", "3141590u")]
    [InlineData("1e-3", "1e-3")]
    public void Parse_AnyForm_HasTheCanonicalForm(string text, string canonical)
    {
        var quantity = Quantity.Parse(text);
        Assert.Equal(canonical, quantity.ToString());
        Assert.Equal(quantity, Quantity.Parse(canonical));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("1.2.3")]
    [InlineData("5Zi")]
    [InlineData("1 Gi")]
    [InlineData("--1")]
    [InlineData(".")]
    [InlineData("1e")]
    [InlineData("1ee3")]
    public void Parse_NoQuantity_IsRefused(string text)
    {
        // "1e" is not an exponent without digits; it is no suffix either.
        Assert.False(Quantity.TryParse(text, out _));
    }

    [Fact]
    public void Arithmetic_IsExactAndRoundsUp()
    {
        var sum = Quantity.Parse("100m") + Quantity.Parse("0.25");
        Assert.Equal(350, sum.Milli);
        Assert.Equal(1, sum.Units);
        Assert.Equal("350m", sum.ToString());
        Assert.True(Quantity.Parse("1Gi") > Quantity.Parse("1G"));
        Assert.Equal(Quantity.Parse("1"), Quantity.Parse("1000m"));
        Assert.Equal(-1, (Quantity.Parse("1") - Quantity.Parse("2")).Sign);
    }
}
