using Milvus.Api.Mapping;
using Milvus.Model;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;

namespace Milvus.Api.Tests.Mapping;

public sealed class StatusMappingTests
{
    [Theory]
    [InlineData(100, 4)]
    [InlineData(109, 62)]
    [InlineData(700, 25)]
    [InlineData(8, 49)]
    [InlineData(9, 48)]
    [InlineData(1, 56)]
    [InlineData(3, 52)]
    [InlineData(7, 54)]
    [InlineData(200, 15)]
    [InlineData(401, 46)]
    [InlineData(600, 47)]
    [InlineData(1100, 5)]
    [InlineData(1102, 5)]
    [InlineData(101, 1)]
    [InlineData(65535, 1)]
    public void Every_code_has_its_legacy_code(int code, int legacy)
    {
        var status = StatusMapping.ToStatus(new MilvusException((ErrorCode)code, "text"));
        Assert.Equal((code, (LegacyCode)legacy, "text"), (status.Code, status.ErrorCode, status.Reason));
    }

    [Fact]
    public void No_failure_looks_like_success_to_any_client()
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
            Assert.Equal(code == ErrorCode.Success, StatusMapping.Legacy(code) == LegacyCode.Success);
    }

    [Fact]
    public void Mistakes_of_the_caller_are_marked_and_never_retriable()
    {
        var status = StatusMapping.ToStatus(new MilvusException(ErrorCode.RateLimit, "x") { IsInputError = true });
        Assert.Equal("true", status.ExtraInfo["is_input_error"]);
        Assert.False(status.Retriable);
        Assert.True(StatusMapping.ToStatus(new MilvusException(ErrorCode.RateLimit, "x")).Retriable);
    }

    [Fact]
    public void Damage_and_surprises_name_themselves()
    {
        var damage = ErrorFacts.Of(new IntegrityException("segments/7/col.bin", "checksum differs in block 3"));
        Assert.Equal((ErrorCode.Internal, true), (damage.Code, damage.IsUnexpected));
        Assert.Contains("segments/7/col.bin: checksum differs in block 3", damage.Message);
        Assert.Equal(ErrorCode.Unexpected, ErrorFacts.Of(new InvalidOperationException("odd")).Code);
    }

    [Fact]
    public void Success_is_all_zero() => Assert.Equal(0, StatusMapping.Ok().CalculateSize());
}
