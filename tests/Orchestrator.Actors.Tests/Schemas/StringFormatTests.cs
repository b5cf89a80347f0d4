using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>Which texts pass for which format: what kube-apiserver's library of formats says of them.</summary>
public sealed class StringFormatTests
{
    [Theory]
    [InlineData("hostname", "aGk= localhost xn--a.com a.b.com", "a.b A_b.com 1.2.3.4 2020-01-01 a.b. -a")]
    [InlineData("ipv4", "1.2.3.4 ::ffff:1.2.3.4", "01.2.3.4 1.2.3 256.1.1.1 ::1")]
    [InlineData("ipv6", "::1 ::ffff:1.2.3.4", "fe80::1%eth0 1::2::3 1.2.3.4")]
    [InlineData("cidr", "10.0.0.1/8 ::/0", "10.0.0.0 10.0.0.0/33")]
    [InlineData("mac", "aa:bb:cc:dd:ee:ff aabb.ccdd.eeff 01:02:03:04:05:06:07:08", "aa:bb:cc:dd:ee aa-bb:cc-dd-ee-ff")]
    [InlineData("uuid", "550E8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-446655440000} urn:uuid:550e8400-e29b-41d4-a716-446655440000")]
    [InlineData("uuid3", "550e8400-e29b-31d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000")]
    [InlineData("uuid4", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-31d4-a716-446655440000 550e8400-e29b-41d4-c716-446655440000")]
    [InlineData("duration", "1h30m 250ms 1d 3_weeks 1hr -1s 0 p41days", "1 abc h")]
    [InlineData("date-time", "2020-01-01T00:00:00Z 2020-01-01t00:00:00.5+01:00", "2020-01-01T25:00:00Z 2020-01-01T00:00:00 2020-02-30T00:00:00Z")]
    [InlineData("byte", "aGk= YQ==", "aGk _-8=")]
    [InlineData("email", "a@b.c", "a a@b@c")]
    [InlineData("uri", "http://x/y?q#f x:y mailto:a@b", "abc")]
    [InlineData("hexcolor", "#fff ffffff", "#ggg #ffff")]
    [InlineData("rgbcolor", "rgb(1,2,3)", "rgb(256,0,0) #fff")]
    [InlineData("creditcard", "4111111111111111 4111-1111-1111-1111", "4111111111111112")]
    [InlineData("ssn", "111-11-1111", "111111111")]
    [InlineData("isbn", "0-306-40615-2 9783161484100", "0306406153 9783161484101")]
    [InlineData("bsonobjectid", "507f1f77bcf86cd799439011", "507f1f77")]
    [InlineData("int32", "anything", "")]
    public void Text_PassesOrNot(string format, string passes, string not)
    {
        Assert.All(passes.Split(' '), text => Assert.True(StringFormats.IsValid(format, text.Replace('_', ' ')), text));
        Assert.All(not.Split(' ', StringSplitOptions.RemoveEmptyEntries), text => Assert.False(StringFormats.IsValid(format, text), text));
    }
}
