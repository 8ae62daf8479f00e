using Google.Protobuf.Reflection;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Tests.Contract;

public sealed class ContractTests
{
    [Fact]
    public void The_service_has_every_method_of_the_contract() => Assert.Equal(149, MilvusReflection.Descriptor.FindTypeByName<ServiceDescriptor>("MilvusService").Methods.Count);

    [Fact]
    public void Requests_carry_their_privilege()
    {
        var privilege = SearchRequest.Descriptor.GetOptions().GetExtension(CommonExtensions.PrivilegeExtObj);
        Assert.Equal((ObjectType.Collection, ObjectPrivilege.PrivilegeSearch, 3), (privilege.ObjectType, privilege.ObjectPrivilege, privilege.ObjectNameIndex));
    }

    [Fact]
    public void Data_types_equal_those_of_the_model()
    {
        foreach (var type in Enum.GetValues<Milvus.Model.DataType>())
            Assert.True(Enum.IsDefined((DataType)(int)type), $"{type} is not in the contract");
    }

    [Theory]
    [InlineData("FieldData", "vectors", 4)]
    [InlineData("FieldData", "struct_arrays", 8)]
    [InlineData("FieldData", "valid_data", 7)]
    [InlineData("SearchResultData", "group_by_field_values", 17)]
    [InlineData("VectorField", "int8_vector", 7)]
    public void Numbers_of_fields_are_those_of_the_contract(string message, string field, int number) =>
        Assert.Equal(number, SchemaReflection.Descriptor.FindTypeByName<MessageDescriptor>(message).FindFieldByName(field).FieldNumber);
}
